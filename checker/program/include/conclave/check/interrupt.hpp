// SIGINT, SIGTERM and SIGHUP as a polite request, and as an order when they come again.
#pragma once

#include <atomic>

namespace conclave::check {

// The first signal sets `flag`; the second one ends the process as it would have without a handler. A signal that is
// ignored, as nohup has it, stays ignored. `flag` must live as long as the process.
void interrupt_on_signals(std::atomic<bool>& flag);

}  // namespace conclave::check
