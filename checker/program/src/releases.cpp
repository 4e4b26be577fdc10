#include "conclave/check/releases.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>

#include "conclave/check/words.hpp"
#include "conclave/spec/zookeeper_bugs.hpp"

namespace conclave::check {
namespace {

std::optional<std::int64_t> id_of(std::string_view text) {
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return id;
}

// A release that can run beside others; nullptr otherwise.
const spec::RuleVariant* mixable(std::string_view version) {
  for (const spec::Release& release : spec::known_releases()) {
    if (release < spec::first_mixable || spec::name_of(release) != version) continue;
    return spec::rules_of_release(version);
  }
  return nullptr;
}

bool take_one(std::string_view part, ServerRules& rules, std::string& wrong) {
  const std::size_t equals = part.find('=');
  const auto id = id_of(part.substr(0, equals));
  if (equals == std::string_view::npos || !id) {
    wrong = fmt::format("found '{}'; expected ID=X.Y.Z,... such as 1=3.4.5,2=3.4.6", part);
    return false;
  }
  const std::string_view version = part.substr(equals + 1);
  const spec::RuleVariant* variant = mixable(version);
  if (variant == nullptr) {
    wrong =
        fmt::format("found '{}' for server {}; expected a release from {} to {}, which can run beside others",
                    version, *id, spec::name_of(spec::first_mixable), spec::name_of(spec::known_releases().back()));
    return false;
  }
  if (rules.emplace(model::ServerId{*id}, variant).second) return true;
  wrong = fmt::format("found server {} twice; expected each once", *id);
  return false;
}

// Of those that are not named.
std::string others_in_words(const CheckOptions& options) {
  return options.rules->of == spec::RulesOf::today
             ? "today's rules"
             : fmt::format("{}: {}", options.rules->name, options.rules->sentence);
}

}  // namespace

std::optional<ServerRules> parse_releases(std::string_view text, std::string& wrong) {
  ServerRules rules;
  for (;;) {
    const std::size_t comma = text.find(',');
    if (!take_one(text.substr(0, comma), rules, wrong)) return std::nullopt;
    if (comma == std::string_view::npos) return rules;
    text.remove_prefix(comma + 1);
  }
}

bool other_rules(const CheckOptions& options) {
  return options.rules != &spec::zookeeper_rules() || !options.releases.empty();
}

std::string_view rules_title(const CheckOptions& options) {
  if (!options.releases.empty()) return "mixed rules";
  return options.rules->of == spec::RulesOf::release ? "old rules" : "seeded bug";
}

std::vector<std::string> rules_in_sentences(const CheckOptions& options) {
  std::vector<std::string> sentences;
  for (const auto& [id, rules] : options.releases) {
    sentences.push_back(fmt::format("server {} runs {}: {}", id_text(id), rules->name, rules->sentence));
  }
  if (sentences.empty()) return {fmt::format("{}: {}", options.rules->name, options.rules->sentence)};
  sentences.push_back("all others run " + others_in_words(options));
  return sentences;
}

std::string rules_name(const CheckOptions& options) {
  if (options.releases.empty()) return std::string(options.rules->name);
  std::string text;
  for (const auto& [id, rules] : options.releases) text += fmt::format("{}={},", id_text(id), rules->name);
  return text + fmt::format("others={}", options.rules->name);
}

std::string rules_of_verdict(const CheckOptions& options) {
  if (!other_rules(options)) return "";
  if (!options.releases.empty()) return fmt::format(" With mixed rules: {}.", rules_name(options));
  const bool release = options.rules->of == spec::RulesOf::release;
  return fmt::format(" With the {} {}.", release ? "rules of" : "seeded bug", options.rules->name);
}

}  // namespace conclave::check
