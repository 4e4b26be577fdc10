// The words of one command: its name, what stands by itself, and what is given as key=value.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "script.hpp"

namespace conclave::golden {

// -7, 12, 0x1f or `least` (the least 64-bit value). Throws BadScript.
std::int64_t number_of(std::string_view word, std::string_view what);

// The same in 32 bits.
std::int32_t small_number_of(std::string_view word, std::string_view what);

// 1,2,5 or 0..6 or nothing at all. Throws BadScript.
std::vector<std::int64_t> numbers_of(std::string_view words, std::string_view what);

std::vector<std::string> split(std::string_view text, char at);

// Everything is asked for by name, once; finish() then complains about what nobody asked for, so that a mistyped key
// can't pass unnoticed.
class Arguments {
 public:
  explicit Arguments(std::string_view line);

  [[nodiscard]] const std::string& command() const { return command_; }

  // The next word that stands by itself.
  std::string word(std::string_view what);
  std::optional<std::string> word_if_any();

  [[nodiscard]] bool has(const std::string& key) const { return values_.contains(key); }
  std::optional<std::string> value(const std::string& key);
  std::string required(const std::string& key);
  std::int64_t number(const std::string& key, std::int64_t otherwise);
  std::int32_t small_number(const std::string& key, std::int32_t otherwise);
  std::int64_t required_number(const std::string& key);
  bool yes(const std::string& key, bool otherwise);
  std::vector<std::int64_t> numbers(const std::string& key);

  void finish() const;

 private:
  std::string command_;
  std::vector<std::string> words_;
  std::size_t next_word_ = 0;
  std::map<std::string, std::string> values_;
};

}  // namespace conclave::golden
