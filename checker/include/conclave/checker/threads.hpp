// The same work in several threads.
#pragma once

#include <cstddef>
#include <exception>
#include <thread>
#include <vector>

namespace conclave::checker {

// Calls work(0) here and work(1) to work(count - 1) each in a thread of its own, and returns when all have ended. Where
// the system has no more threads to give, fewer are called: the work has to be such that those who come do it all.
// REQUIRES: work throws nothing. Throws std::bad_alloc, and then nothing was called.
template <class Work>
void in_threads(std::size_t count, const Work& work) {
  std::vector<std::thread> threads;
  threads.reserve(count);
  try {
    for (std::size_t i = 1; i < count; ++i) threads.emplace_back([&work, i] { work(i); });
  } catch (const std::exception&) {  // std::system_error, std::bad_alloc: as many as there are
  }
  work(std::size_t{0});
  for (std::thread& thread : threads) thread.join();
}

}  // namespace conclave::checker
