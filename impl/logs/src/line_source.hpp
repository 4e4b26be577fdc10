// Lines of a file, packed by gzip or not. Private to the reader.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <memory>
#include <string>

namespace conclave::logs {

// Not thread-safe.
class LineSource {
 public:
  explicit LineSource(const std::string& path) : file_(gzopen(path.c_str(), "rb")) {
    if (file_) gzbuffer(file_.get(), buffer_bytes);
  }
  // False: it can't be opened; errno says why.
  [[nodiscard]] bool good() const { return file_ != nullptr; }

  // The next line without its end; of a longer one than that, the rest is left out. So are zeros, as they stand where a
  // rotation (copytruncate) has cut off what was before. False: there is none, or what there is can't be read; wrong()
  // tells which.
  bool next(std::string& line, std::size_t bytes_max) {
    line.clear();
    bool any = false;
    for (int c = gzgetc(file_.get()); c != -1; c = gzgetc(file_.get())) {
      any = true;
      if (c == '\n') return true;
      if (c != '\0' && line.size() < bytes_max) line.push_back(static_cast<char>(c));
    }
    return any && wrong().empty();
  }

  // What is wrong with the file, in words; empty if nothing.
  [[nodiscard]] std::string wrong() const {
    int code = Z_OK;
    gzerror(file_.get(), &code);
    if (code == Z_BUF_ERROR) return "a gzip file that ends too early";
    if (code == Z_ERRNO) return "a file that could not be read to its end";
    return code == Z_OK || code == Z_STREAM_END ? "" : "a damaged gzip file";
  }

 private:
  static constexpr unsigned buffer_bytes = 1U << 17U;
  struct Close {
    void operator()(gzFile_s* file) const { gzclose(file); }
  };
  std::unique_ptr<gzFile_s, Close> file_;
};

}  // namespace conclave::logs
