#include "line_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace conclave::logs {
namespace {

constexpr std::size_t buffer_bytes = std::size_t{1} << 17U;
constexpr unsigned char magic[] = {0x1f, 0x8b};
// zlib: 32 KiB of window, behind gzip's head.
constexpr int gzip_window_bits = 15 + 16;

}  // namespace

LineSource::LineSource(const std::string& path) : file_(std::fopen(path.c_str(), "rb")) {
  if (!file_) return;
  bytes_.resize(buffer_bytes);
  fill_bytes();
  packed_ = stream_.avail_in >= sizeof magic && std::equal(std::begin(magic), std::end(magic), stream_.next_in);
  if (packed_ && inflateInit2(&stream_, gzip_window_bits) != Z_OK) wrong_ = "no memory to unpack it";
  in_member_ = packed_;
}

LineSource::~LineSource() {
  if (packed_) inflateEnd(&stream_);
}

bool LineSource::next(std::string& line, std::size_t bytes_max) {
  line.clear();
  bool any = false;
  while (taken_ < text_.size() || fill_text()) {
    any = true;
    const auto from = text_.begin() + static_cast<std::ptrdiff_t>(taken_);
    const auto end = std::find(from, text_.end(), '\n');
    std::for_each(from, end, [&](unsigned char c) {
      if (c != '\0' && line.size() < bytes_max) line.push_back(static_cast<char>(c));
    });
    taken_ = static_cast<std::size_t>(end - text_.begin()) + 1;
    if (end != text_.end()) return true;
  }
  return any && wrong_.empty();
}

bool LineSource::fill_text() {
  text_.clear();
  taken_ = 0;
  if (!wrong_.empty()) return false;
  if (packed_) return unpack();
  if (stream_.avail_in == 0 && !fill_bytes()) return false;
  text_.assign(stream_.next_in, stream_.next_in + stream_.avail_in);
  stream_.avail_in = 0;
  return true;
}

bool LineSource::fill_bytes() {
  errno = 0;
  const std::size_t count = std::fread(bytes_.data(), 1, bytes_.size(), file_.get());
  read_ += count;
  stream_.next_in = bytes_.data();
  stream_.avail_in = static_cast<unsigned>(count);
  if (std::ferror(file_.get()) != 0) {
    wrong_ =
        fmt::format("a file that could not be read to its end, from byte {} on: {}", read_ + 1, std::strerror(errno));
  }
  return count > 0 && wrong_.empty();
}

bool LineSource::unpack() {
  text_.resize(buffer_bytes);
  stream_.next_out = text_.data();
  stream_.avail_out = static_cast<unsigned>(text_.size());
  while (stream_.avail_out == text_.size() && wrong_.empty()) {
    if (!in_member_ && !begin_member()) break;
    if (stream_.avail_in == 0 && !fill_bytes()) {
      if (wrong_.empty()) wrong_ = fmt::format("a gzip file that ends too early, with byte {}", read_);
      break;
    }
    const int code = inflate(&stream_, Z_NO_FLUSH);
    in_member_ = code != Z_STREAM_END;
    if (code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR) continue;
    wrong_ = fmt::format("a damaged gzip file, at byte {}: {}", place(), stream_.msg == nullptr ? "?" : stream_.msg);
  }
  text_.resize(text_.size() - stream_.avail_out);
  return !text_.empty();
}

// Behind one member another may stand, or zeros as tapes have them.
bool LineSource::begin_member() {
  if (stream_.avail_in == 0 && !fill_bytes()) return false;
  const std::size_t from = place();
  if (*stream_.next_in == magic[0]) {
    in_member_ = inflateReset(&stream_) == Z_OK;
    return in_member_;
  }
  if (!rest_is_zeros() && wrong_.empty()) {
    wrong_ = fmt::format("other bytes behind its gzip data, from byte {} on", from);
  }
  return false;
}

bool LineSource::rest_is_zeros() {
  do {
    const auto is_zero = [](unsigned char c) { return c == 0; };
    if (!std::all_of(stream_.next_in, stream_.next_in + stream_.avail_in, is_zero)) return false;
    stream_.avail_in = 0;
  } while (fill_bytes());
  return true;
}

}  // namespace conclave::logs
