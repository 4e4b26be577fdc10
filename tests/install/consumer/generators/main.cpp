// A property of one's own: of two different proposals one is better.
#include <rapidcheck.h>

#include <cstdlib>

#include "conclave/model/vote.hpp"
#include "conclave/testing/generators.hpp"

int main() {
  using conclave::model::Proposal;
  const bool holds = rc::check("one of two proposals is better", [](const Proposal& one, const Proposal& other) {
    RC_ASSERT((one > other) + (other > one) + (one == other) == 1);
  });
  return holds ? EXIT_SUCCESS : EXIT_FAILURE;
}
