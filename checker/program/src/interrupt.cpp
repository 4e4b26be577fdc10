#include "conclave/check/interrupt.hpp"

#include <atomic>
#include <csignal>

namespace conclave::check {
namespace {

// Lock-free, hence allowed in a signal handler (result.hpp asserts it).
std::atomic<std::atomic<bool>*> flag_to_set{nullptr};
static_assert(std::atomic<std::atomic<bool>*>::is_always_lock_free);

extern "C" void on_signal(int signal) {
  std::atomic<bool>* flag = flag_to_set.load();
  if (flag != nullptr && !flag->exchange(true)) return;
  // Blocked until this returns, and then it does what it does by default.
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

}  // namespace

void interrupt_on_signals(std::atomic<bool>& flag) {
  flag_to_set = &flag;
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction before {};
    const bool ignored = sigaction(signal, nullptr, &before) == 0 && before.sa_handler == SIG_IGN;
    if (!ignored) sigaction(signal, &action, nullptr);
  }
}

}  // namespace conclave::check
