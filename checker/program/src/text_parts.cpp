#include "text_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "conclave/check/words.hpp"

namespace conclave::check {
namespace {

std::vector<model::ServerId> with_role(const model::Configuration& configuration, model::LearnerType role) {
  std::vector<model::ServerId> ids;
  for (const model::Member& member : configuration.members()) {
    if (member.role == role) ids.push_back(member.id);
  }
  return ids;
}

std::string quorums_in_words(const model::Configuration& configuration) {
  const std::size_t voters = configuration.voters();
  const std::size_t majority = voters / 2 + 1;
  std::string any =
      fmt::format("any {} a quorum", majority == 1 ? "voter is" : fmt::format("{} voters are", majority));
  if (configuration.kind() == model::QuorumKind::majority) return any;
  if (configuration.kind() == model::QuorumKind::oracle_majority) {
    return any + (voters <= 2 ? ", and an oracle may make up for one"
                              : ", and with more than 2 voters the oracle makes up for none");
  }
  std::vector<std::string> groups;
  for (const model::Group& group : configuration.groups()) {
    std::vector<std::string> members;
    for (const model::Member& member : configuration.members()) {
      if (member.group != group.id) continue;
      const std::int64_t weight = member.weight ? member.weight->value : 0;
      members.push_back(weight == 1 ? id_text(member.id) : fmt::format("{}(weight {})", id_text(member.id), weight));
    }
    groups.push_back(fmt::format("{{{}}}", join(members, " ")));
  }
  return "more than half the weight in more than half the groups " + join(groups, " ");
}

}  // namespace

void paragraph(std::string& text, const std::string& head, const std::string& sentence) {
  wrapped(text, head, words_of(sentence), " ");
}

std::string counted(std::size_t number, std::string_view one, std::string_view several) {
  return fmt::format("{} {}", grouped(number), number == 1 ? one : several);
}

void tell_ensemble(std::string& text, const config::ZooCfg& cfg) {
  auto out = std::back_inserter(text);
  const auto voters = with_role(cfg.configuration, model::LearnerType::participant);
  const auto observers = with_role(cfg.configuration, model::LearnerType::observer);
  fmt::format_to(out, "{}{}\n", cfg.file, cfg.dynamic_file ? " with " + *cfg.dynamic_file : "");
  const std::string beside =
      observers.empty()
          ? ""
          : fmt::format(", {} {}", counted(observers.size(), "observer", "observers"), id_set(observers));
  paragraph(text, "  ",
            fmt::format("{} {}{}; {}", counted(voters.size(), "voter", "voters"), id_set(voters), beside,
                        quorums_in_words(cfg.configuration)));
  for (const std::string& note : cfg.notes) paragraph(text, "  note: ", note);
}

void tell_outputs(std::string& text, const std::vector<Output>& outputs) {
  auto out = std::back_inserter(text);
  if (!outputs.empty()) text += "\n";
  for (const Output& output : outputs) {
    if (output.error.empty())
      fmt::format_to(out, "written: {}, {}\n", output.path, output.what);
    else
      fmt::format_to(out, "NOT WRITTEN: {}\n", output.error);
  }
}

bool is_out_of_reach(model::Rule rule, bool reconfigures) {
  switch (rule) {
    case model::Rule::drop_short:
    case model::Rule::drop_bad_config_length:
    case model::Rule::ignore_unparseable_config:
    case model::Rule::skip_newer_config:  // on a `latest` network who has settled reads nothing
    case model::Rule::drop_unknown_state:
    case model::Rule::establish_epoch: return true;
    case model::Rule::adopt_newer_config:
    case model::Rule::restart_for_newer_config: return !reconfigures;
    default: return false;
  }
}

}  // namespace conclave::check
