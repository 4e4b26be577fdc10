// What the tests of recordings share.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "conclave/record/replay.hpp"

namespace conclave::record {

// Removed in the end.
class Folder {
 public:
  Folder() {
    static int count = 0;
    path_ = std::filesystem::path(testing::TempDir()) /
            ("conclave-record-" + std::to_string(::getpid()) + "-" + std::to_string(++count));
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::string file(const std::string& name) const { return path_ / name; }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(file(name), std::ios::binary) << text;
    return file(name);
  }
  [[nodiscard]] std::string read(const std::string& name) const {
    std::ifstream in(file(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

 private:
  std::filesystem::path path_;
};

// A whole recording, replayed.
struct Replayed {
  std::size_t runs = 0;
  std::size_t steps = 0;  // of elections and epochs
  std::size_t cuts = 0;
  std::size_t not_looked_at = 0;
  std::set<std::string> ends;
  std::optional<Difference> difference;
  std::size_t difference_line = 0;
  std::optional<ReadError> error;

  [[nodiscard]] bool same() const { return !difference && !error; }
};

inline std::ostream& operator<<(std::ostream& out, const Replayed& replayed) {
  if (replayed.error) return out << replayed.error->message();
  if (!replayed.difference) return out << "no difference";
  return out << "line " << replayed.difference_line << ", " << replayed.difference->event << ": "
             << replayed.difference->field << ": recorded " << replayed.difference->recorded << ", the model says "
             << replayed.difference->model;
}

inline Replayed replayed(Replay replay) {
  Replayed all;
  for (;;) {
    const auto moment = replay.next();
    if (!moment) {
      all.error = moment.error();
      return all;
    }
    all.not_looked_at = replay.not_looked_at();
    if (!*moment) return all;
    using Kind = Moment::Kind;
    const Kind kind = (*moment)->kind;
    if (kind == Kind::run_began) ++all.runs;
    if (kind == Kind::cut) ++all.cuts;
    if (kind == Kind::election || kind == Kind::epoch) ++all.steps;
    if (kind == Kind::run_ended) all.ends.insert((*moment)->why);
    if ((*moment)->difference && !all.difference) {
      all.difference = (*moment)->difference;
      all.difference_line = (*moment)->line;
    }
  }
}
inline Replayed replayed_text(const std::string& text) {
  return replayed(Replay(std::make_unique<std::istringstream>(text), "text"));
}
inline Replayed replayed_file(const std::string& path) {
  auto replay = Replay::open(path);
  if (replay) return replayed(std::move(*replay));
  Replayed all;
  all.error = replay.error();
  return all;
}

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}
inline std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

}  // namespace conclave::record
