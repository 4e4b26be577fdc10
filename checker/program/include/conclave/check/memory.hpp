// How much memory an exploration may take.
#pragma once

#include <cstddef>

namespace conclave::check {

// What this process could get now without anybody swapping: of the machine, or of its control group if that is less.
// 0 if the system does not tell.
std::size_t available_bytes();
// What this process holds already.
std::size_t resident_bytes();

}  // namespace conclave::check
