// One altered field, wherever it is, and one line that is missing or too many: the replay notices.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <string>
#include <vector>

#include "loop.hpp"
#include "support.hpp"

namespace conclave::record {
namespace {

using Json = nlohmann::ordered_json;

std::string random_recording(unsigned seed, int steps) {
  const Folder folder;
  {
    const auto recorder = Recorder::open(folder.file("x"), nullptr);
    Loop loop(**recorder, seed);
    for (int i = 0; i < steps; ++i) loop.step();
    (*recorder)->end("enough");
  }
  return folder.read("x");
}

// "election received leader": of which kind of line, of which event, and which field, lists without their indices.
std::string name_of(const Json& line, const std::string& pointer) {
  std::string name = line["kind"];
  if (line.contains("event")) name += " " + line["event"]["type"].get<std::string>();
  return name + " " + std::regex_replace(pointer, std::regex("/[0-9]+"), "/*");
}

// Another value of the same kind; for a word, one of those that are found under the same name.
using Words = std::map<std::string, std::set<std::string>>;
std::vector<Json> others(const Json& value, const std::string& field, const Words& words) {
  if (value.is_boolean()) return {!value.get<bool>()};
  if (value.is_number_unsigned()) return {value.get<std::uint64_t>() + 1};
  if (value.is_number()) return {value.get<std::int64_t>() + 1};
  if (value.is_null()) return {0, "0x1"};
  if (!value.is_string()) return {};
  const std::string text = value;
  if (text.starts_with("0x")) return {text + "1"};
  std::vector<Json> all;
  for (const std::string& word : words.at(field)) {
    if (word != text) all.emplace_back(word);
  }
  if (all.empty()) all.emplace_back(text + "x");
  return all;
}

std::string field_of(const std::string& pointer) {
  const std::string name = pointer.substr(pointer.rfind('/') + 1);
  if (!std::isdigit(static_cast<unsigned char>(name.front()))) return name;
  return field_of(pointer.substr(0, pointer.rfind('/'))) + "/*";
}

// What says nothing about the run, or so rarely that no run of this length shows it. Everything else has to be noticed.
bool is_beside_the_point(const std::string& name) {
  static const std::regex pattern(
      "run /program|run /time|end /why|.* /us"
      // only compared with those of a newer configuration of the same members
      "|(run|configuration) .*/addresses"
      // of a learner and of a history, nobody asks for these
      "|epoch packet /event/packet/(learner_type|zxid_from)"
      // no server waits so long
      "|run /ensemble/timing/notification_interval_max_ms");
  return std::regex_match(name, pattern);
}

TEST(Alterations, OfEachFieldOfEachKindOfLineAreNoticed) {
  std::map<std::string, std::pair<int, int>> noticed;  // of how many
  Words words;
  constexpr unsigned seeds = 80;
  constexpr int tries_max = 40;
  std::vector<std::string> recordings;
  for (unsigned seed = 0; seed < seeds; ++seed) recordings.push_back(random_recording(seed, 30));
  for (const std::string& text : recordings) {
    for (const std::string& line : lines_of(text)) {
      const Json flat = Json::parse(line).flatten();
      for (const auto& [pointer, value] : flat.items()) {
        if (value.is_string()) words[field_of(pointer)].insert(value.get<std::string>());
      }
    }
  }
  for (const std::string& text : recordings) {
    ASSERT_TRUE(replayed_text(text).same()) << replayed_text(text);
    std::vector<std::string> lines = lines_of(text);
    for (std::string& line : lines) {
      const Json json = Json::parse(line);
      const std::string before = line;
      const Json flat = json.flatten();
      for (const auto& [pointer, value] : flat.items()) {
        const std::string name = name_of(json, pointer);
        auto& [caught, of] = noticed[name];
        if (caught > 0 || of >= tries_max || is_beside_the_point(name)) continue;
        for (const Json& other : others(value, field_of(pointer), words)) {
          Json altered = json;
          altered[Json::json_pointer(pointer)] = other;
          line = altered.dump();
          ++of;
          if (!replayed_text(joined(lines)).same()) ++caught;
        }
        line = before;
      }
    }
  }
  EXPECT_GT(noticed.size(), 300U);
  for (const auto& [name, count] : noticed) {
    if (is_beside_the_point(name)) continue;
    EXPECT_GT(count.first, 0) << name << ": none of " << count.second;
  }
}

}  // namespace
}  // namespace conclave::record
