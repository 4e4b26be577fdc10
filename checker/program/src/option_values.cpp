// The values of options that have a grammar of their own.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "conclave/check/options.hpp"
#include "conclave/spec/connection_rules.hpp"
#include "conclave/spec/epoch_rules.hpp"

namespace conclave::check {
namespace {

constexpr double seconds_min = 0.001;
constexpr double seconds_max = 1e8;

// Decimal, or hexadecimal after 0x; the whole text.
std::optional<std::int64_t> parse_number(std::string_view text) {
  int base = 10;
  if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
    text.remove_prefix(2);
    if (text[0] == '-') return std::nullopt;
    base = 16;
  }
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<int> power_of_unit(std::string_view unit) {
  constexpr std::string_view letters = "KMGT";
  if (unit.empty() || unit == "B" || unit == "b") return 0;
  std::string upper(unit);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  const std::size_t place = letters.find(upper[0]);
  const std::string rest = upper.substr(1);
  if (place == std::string_view::npos || (!rest.empty() && rest != "B" && rest != "IB")) return std::nullopt;
  return static_cast<int>(place) + 1;
}

std::optional<spec::Participant> parse_history(std::string_view text, std::string& wrong) {
  const std::size_t equals = text.find('=');
  const std::size_t colon = equals == std::string_view::npos ? equals : text.find(':', equals);
  if (colon == std::string_view::npos) {
    wrong = fmt::format("found '{}'; expected ID=EPOCH:ZXID, like 1=2:0x200000005", text);
    return std::nullopt;
  }
  const auto id = parse_number(text.substr(0, equals));
  const auto epoch = parse_number(text.substr(equals + 1, colon - equals - 1));
  const auto zxid = parse_number(text.substr(colon + 1));
  if (!id)
    wrong = fmt::format("found the server id '{}'; expected a number", text.substr(0, equals));
  else if (!epoch || *epoch < 0)
    wrong =
        fmt::format("found the epoch '{}'; expected a number from 0 on", text.substr(equals + 1, colon - equals - 1));
  else if (!zxid || *zxid < -1)
    wrong = fmt::format("found the zxid '{}'; expected a number from 0 on, or -1 for a server without a database",
                        text.substr(colon + 1));
  else
    return spec::Participant{model::ServerId{*id},
                             model::Durable{model::PeerEpoch{*epoch}, model::PeerEpoch{*epoch}, model::Zxid{*zxid}}};
  return std::nullopt;
}

}  // namespace

std::optional<std::vector<std::int64_t>> parse_ids(const std::vector<std::string>& texts, std::string& wrong) {
  constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  std::vector<std::int64_t> ids;
  for (const std::string& text : texts) {
    for (std::size_t start = 0; start <= text.size();) {
      const std::size_t comma = std::min(text.find(',', start), text.size());
      const std::string part = text.substr(start, comma - start);
      start = comma + 1;
      std::int64_t id = 0;
      const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), id);
      const bool whole = end == part.data() + part.size();
      if (part.empty()) {
        wrong = fmt::format("found no id in a place of '{}'; expected ids of servers, separated by commas", text);
      } else if (error == std::errc::result_out_of_range && whole) {
        wrong = fmt::format("found '{}'; expected an id from {} to {}", part, least, most);
      } else if (error != std::errc() || !whole) {
        wrong = fmt::format("found '{}'; expected ids of servers, separated by commas", part);
      } else if (const std::string written = wrong_number(part); !written.empty()) {
        wrong = written;
      } else if (std::find(ids.begin(), ids.end(), id) != ids.end()) {
        wrong = fmt::format("found server {} twice; expected each once", id);
      } else {
        ids.push_back(id);
        continue;
      }
      return std::nullopt;
    }
  }
  return ids;
}

std::string found_bug(std::string_view name, std::string_view command) {
  const std::pair<std::string_view, bool> all[] = {
      {"check", spec::find_seeded_bug(name) != nullptr},
      {"epoch", spec::find_seeded_epoch_bug(name) != nullptr},
      {"connections", spec::find_seeded_connection_bug(name) != nullptr}};
  for (const auto& [takes, known] : all) {
    if (known && takes != command) return fmt::format("found '{}', which `conclave {}` takes", name, takes);
  }
  return fmt::format("found '{}'", name);
}

std::string unexpected(const CLI::App& command, int argc, const char* const* argv, const std::string& what) {
  for (int i = 2; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--") break;
    if (!argument.starts_with("--")) continue;
    const std::string name(argument.substr(0, argument.find('=')));
    if (command.get_option_no_throw(name) != nullptr) continue;
    const bool release = name == "--zookeeper";
    return fmt::format("found the option {}; {}", name,
                       release ? "expected it with `conclave check`, for here all run today's rules"
                               : "expected one of this command's");
  }
  return what;
}

std::optional<std::size_t> parse_size(std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  double amount = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, amount, std::chars_format::fixed);
  const auto power = power_of_unit(text.substr(digits));
  if (error != std::errc() || end != text.data() + digits || !power) return std::nullopt;
  const double bytes = amount * std::pow(1024.0, *power);
  // More than an exbibyte is a slip of the finger.
  if (bytes < 1 || bytes > 1152921504606846976.0) return std::nullopt;
  return static_cast<std::size_t>(bytes);
}

std::optional<spec::Network> parse_network(std::string_view text) {
  if (text == "latest") return spec::Network{};
  constexpr std::string_view fifo = "fifo:";
  if (text.substr(0, fifo.size()) != fifo) return std::nullopt;
  const auto capacity = parse_number(text.substr(fifo.size()));
  if (!capacity || *capacity < 1 || *capacity > spec::fifo_capacity_max) return std::nullopt;
  return spec::Network{spec::NetworkKind::fifo, static_cast<int>(*capacity)};
}

std::string wrong_number(const std::string& text) {
  const std::size_t digits = text.starts_with('-') || text.starts_with('+') ? 1 : 0;
  const bool plain = text.size() <= digits + 1 || text[digits] != '0';
  return plain ? "" : fmt::format("found '{}'; expected a decimal number without zeros in front", text);
}

std::string wrong_name(const std::string& text) {
  return text.empty() ? "found an empty name; expected that of a file" : "";
}

std::string wrong_nothing(const std::string& text) { return text.empty() ? "found nothing; expected a value" : ""; }

std::string wrong_seed(const std::string& text) {
  std::uint64_t seed = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
  const bool number = !text.empty() && error == std::errc() && end == text.data() + text.size();
  return number ? "" : fmt::format("found '{}'; expected a number from 0 to {}", text, ~std::uint64_t{0});
}

std::string wrong_seconds(const std::string& text) {
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool number = !text.empty() && error == std::errc() && end == text.data() + text.size();
  if (number && seconds >= seconds_min && seconds <= seconds_max) return "";  // nan is neither
  return fmt::format("found '{}'; expected seconds, from {} to {:.0f}", text, seconds_min, seconds_max);
}

std::optional<std::vector<spec::Participant>> parse_histories(std::string_view text, std::string& wrong) {
  std::vector<spec::Participant> histories;
  while (true) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const auto history = parse_history(text.substr(0, comma), wrong);
    if (!history) return std::nullopt;
    histories.push_back(*history);
    if (comma == text.size()) break;
    text.remove_prefix(comma + 1);
  }
  std::sort(histories.begin(), histories.end(),
            [](const auto& left, const auto& right) { return left.id < right.id; });
  for (std::size_t i = 1; i < histories.size(); ++i) {
    if (histories[i].id != histories[i - 1].id) continue;
    wrong = fmt::format("found server {} twice; expected each server at most once", histories[i].id.value);
    return std::nullopt;
  }
  return histories;
}

}  // namespace conclave::check
