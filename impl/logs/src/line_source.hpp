// Lines of a file, packed by gzip or not. Private to the reader.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace conclave::logs {

// Not by zlib's gzread: that takes what stands behind the packed data, and is none, for the end of the file.
// Not thread-safe.
class LineSource {
 public:
  explicit LineSource(const std::string& path);
  LineSource(const LineSource&) = delete;
  LineSource& operator=(const LineSource&) = delete;
  ~LineSource();

  // False: it can't be opened; errno says why.
  [[nodiscard]] bool good() const { return file_ != nullptr; }

  // The next line without its end; of a longer one than that, the rest is left out. So are zeros, as they stand where a
  // rotation (copytruncate) has cut off what was before. False: there is none, or what there is can't be read; wrong()
  // tells which.
  bool next(std::string& line, std::size_t bytes_max);

  // What is wrong with the file, in words; empty if nothing.
  [[nodiscard]] const std::string& wrong() const { return wrong_; }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  // Fill what they are named for; false: there is nothing more, or wrong() tells why.
  bool fill_text();
  bool fill_bytes();
  bool unpack();
  bool begin_member();
  bool rest_is_zeros();
  // Of the next byte that was not taken yet, 1-based.
  [[nodiscard]] std::size_t place() const { return read_ - stream_.avail_in + 1; }

  std::unique_ptr<std::FILE, Close> file_;
  std::vector<unsigned char> bytes_;  // as they are in the file; stream_ says how many are left
  std::vector<unsigned char> text_;
  std::size_t taken_ = 0;  // of the text
  std::size_t read_ = 0;   // of the file
  z_stream stream_{};
  bool packed_ = false;
  bool in_member_ = false;  // a gzip file may be several, one behind the other
  std::string wrong_;
};

}  // namespace conclave::logs
