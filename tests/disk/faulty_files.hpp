// A file system whose calls are counted, and at each of which a test can fail, throw, or end the process.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "conclave/node/file_system.hpp"

namespace conclave::node {

enum class FileCall { make_folder, create, open_folder, write, sync, rename };

// Calls that only look are neither counted nor touched. Bytes are written one in a call, so that there is a moment
// between any two.
class FaultyFiles : public FileSystem {
 public:
  // Before the call with that number, from 1. An error: it fails with that, undone.
  using Before = std::function<std::error_code(int number, FileCall call)>;

  FaultyFiles(FileSystem& real, Before before) : real_(real), before_(std::move(before)) {}

  Result<std::optional<std::string>> read(const std::string& path, std::size_t bytes_max) override {
    return real_.read(path, bytes_max);
  }
  Result<bool> exists(const std::string& path) override { return real_.exists(path); }
  std::error_code make_folder(const std::string& path) override {
    const std::error_code error = before(FileCall::make_folder);
    return error ? error : real_.make_folder(path);
  }
  Result<int> create(const std::string& path) override {
    if (const auto error = before(FileCall::create)) return tl::unexpected(error);
    return real_.create(path);
  }
  Result<int> open_folder(const std::string& path) override {
    if (const auto error = before(FileCall::open_folder)) return tl::unexpected(error);
    return real_.open_folder(path);
  }
  Result<std::size_t> write(int file, std::string_view text) override {
    if (const auto error = before(FileCall::write)) return tl::unexpected(error);
    return real_.write(file, text.substr(0, 1));
  }
  std::error_code sync(int file) override {
    const std::error_code error = before(FileCall::sync);
    return error ? error : real_.sync(file);
  }
  std::error_code rename(const std::string& from, const std::string& to) override {
    const std::error_code error = before(FileCall::rename);
    return error ? error : real_.rename(from, to);
  }
  void close(int file) override {
    // In a destructor: nothing may be thrown, and there is nothing that could fail.
    real_.close(file);
  }

  [[nodiscard]] int calls() const { return calls_; }

 private:
  std::error_code before(FileCall call) { return before_(++calls_, call); }

  FileSystem& real_;
  Before before_;
  int calls_ = 0;
};

}  // namespace conclave::node
