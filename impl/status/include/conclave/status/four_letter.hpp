// ZooKeeper's four-letter words, as text: FourLetterCommands and what is in its folder.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "conclave/status/shown.hpp"
#include "conclave/wire/bytes.hpp"

namespace conclave::status {

inline constexpr std::size_t word_bytes = 4;
// A length beyond it is no request (BinaryInputArchive.maxBuffer, jute.maxbuffer's default).
inline constexpr std::int32_t request_bytes_max = 0xfffff;
inline constexpr std::string_view not_serving = "This ZooKeeper instance is not currently serving requests";

// The command that four bytes are, if they are one: FourLetterCommands.getCommandString. One of them has a name of more
// than four letters: what telnet sends when it hangs up.
[[nodiscard]] std::optional<std::string_view> word_of(wire::ByteView four_bytes);

// 4lw.commands.whitelist: words with commas between them, `*` for all. `srvr` is always in it.
class Whitelist {
 public:
  explicit Whitelist(const std::optional<std::string>& setting);
  [[nodiscard]] bool allows(std::string_view word) const { return words_.count(word) != 0; }

 private:
  std::set<std::string, std::less<>> words_;
};

// "conf is not executed because it is not in the whitelist.", with a newline.
[[nodiscard]] std::string not_in_whitelist(std::string_view word);

// What a real server would say, as far as there is something to say here: words about data (dump, wchs and so on) get
// what a server answers that does not serve. Nothing for telnet's.
[[nodiscard]] std::optional<std::string> answer_of(std::string_view word, const Shown& shown);

// The numbers of `mntr` without the prefix zk_, in its order.
struct MonitorValue {
  std::string name;
  std::string value;
};
[[nodiscard]] std::vector<MonitorValue> monitor_values(const Shown& shown);

// As Java writes a double that is not negative: "0.0", "5550.25", "1.0E7".
[[nodiscard]] std::string java_double(double value);

}  // namespace conclave::status
