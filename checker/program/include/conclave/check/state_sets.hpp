// The set of states that a way of keeping them asks for.
#pragma once

#include <memory>

#include "conclave/check/storage.hpp"
#include "conclave/checker/disk_set.hpp"
#include "conclave/checker/hashed_set.hpp"
#include "conclave/checker/visited_set.hpp"

namespace conclave::check {

// Throws std::bad_alloc, and std::system_error where no file can be made in the folder.
template <class State>
std::unique_ptr<checker::StateSet<State>> make_set(const Storage& storage) {
  switch (storage.keeping) {
    case Keeping::states: break;
    case Keeping::fingerprints:
      if (storage.folder.empty()) return std::make_unique<checker::FingerprintSet<State>>();
      return std::make_unique<checker::FingerprintSet<State>>(storage.folder);
    case Keeping::bits:
      if (storage.folder.empty()) return std::make_unique<checker::BitstateSet<State>>(storage.bits_bytes);
      return std::make_unique<checker::BitstateSet<State>>(storage.bits_bytes, storage.folder);
  }
  if (storage.folder.empty()) return std::make_unique<checker::VisitedSet<State>>();
  return std::make_unique<checker::DiskSet<State>>(storage.folder);
}

}  // namespace conclave::check
