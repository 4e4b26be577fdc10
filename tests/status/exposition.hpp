// A parser of Prometheus' text format 0.0.4 that takes nothing it should not.
#pragma once

#include <map>
#include <optional>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace conclave::status {

struct Sample {
  std::string name;
  std::map<std::string, std::string> labels;
  double value = 0;
};
struct Family {
  std::string type;
  std::string help;
  std::vector<Sample> samples;
};

// Families by name, and what is wrong with the text.
class Exposition {
 public:
  explicit Exposition(const std::string& text) {
    if (text.empty() || text.back() != '\n') wrong("the last line has no newline");
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) take(line);
    for (const auto& [name, family] : families_) check(name, family);
  }

  [[nodiscard]] const std::vector<std::string>& wrongs() const { return wrongs_; }
  [[nodiscard]] const std::map<std::string, Family>& families() const { return families_; }
  [[nodiscard]] std::optional<double> value(const std::string& name,
                                            const std::map<std::string, std::string>& labels = {}) const {
    for (const auto& [family_name, family] : families_) {
      for (const Sample& sample : family.samples) {
        if (sample.name == name && sample.labels == labels) return sample.value;
      }
    }
    return std::nullopt;
  }

 private:
  void wrong(const std::string& what) { wrongs_.push_back(what); }

  void take(const std::string& line) {
    static const std::regex help_line("# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)");
    static const std::regex type_line("# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram|summary|untyped)");
    static const std::regex sample_line(
        R"re(([a-zA-Z_:][a-zA-Z0-9_:]*)(\{((?:[a-zA-Z_][a-zA-Z0-9_]*="[^"\\]*",?)*)\})? )re"
        R"re(([-+]?[0-9.]+(?:e[-+]?[0-9]+)?|NaN|[-+]Inf))re");
    std::smatch match;
    if (std::regex_match(line, match, help_line)) {
      current_ = match[1];
      if (families_.count(current_) != 0) wrong("two families " + current_);
      families_[current_].help = match[2];
    } else if (std::regex_match(line, match, type_line)) {
      if (match[1] != current_ || !families_[current_].type.empty()) wrong("TYPE out of place: " + line);
      families_[current_].type = match[2];
    } else if (std::regex_match(line, match, sample_line)) {
      add({match[1], labels_of(match[3]), std::stod(match[4])}, line);
    } else {
      wrong("no line of the format: " + line);
    }
  }

  static std::map<std::string, std::string> labels_of(const std::string& text) {
    static const std::regex label(R"re(([a-zA-Z_][a-zA-Z0-9_]*)="([^"\\]*)")re");
    std::map<std::string, std::string> labels;
    for (std::sregex_iterator i(text.begin(), text.end(), label), end; i != end; ++i) labels[(*i)[1]] = (*i)[2];
    return labels;
  }

  void add(Sample sample, const std::string& line) {
    Family& family = families_[current_];
    bool belongs = sample.name == current_;
    if (family.type == "histogram") {
      belongs = sample.name == current_ + "_bucket" || sample.name == current_ + "_sum" ||
                sample.name == current_ + "_count";
    }
    if (!belongs) wrong("outside of its family: " + line);
    if (!seen_.emplace(sample.name, sample.labels).second) wrong("twice: " + line);
    family.samples.push_back(std::move(sample));
  }

  void check(const std::string& name, const Family& family) {
    if (family.help.empty() || family.type.empty()) wrong("no HELP or TYPE: " + name);
    const bool total = name.size() > 6 && name.substr(name.size() - 6) == "_total";
    if (total != (family.type == "counter")) wrong("_total is for counters, and for all of them: " + name);
    if (family.type == "histogram") check_histogram(name, family);
  }

  void check_histogram(const std::string& name, const Family& family) {
    double before = 0;
    double bound_before = -1;
    std::string last;
    for (const Sample& sample : family.samples) {
      if (sample.name != name + "_bucket") continue;
      last = sample.labels.at("le");
      const double bound = std::stod(last);
      if (bound <= bound_before || sample.value < before) wrong("buckets that do not rise: " + name);
      bound_before = bound;
      before = sample.value;
    }
    if (last != "+Inf" || value(name + "_count") != before || !value(name + "_sum")) {
      wrong("a histogram without its end: " + name);
    }
  }

  std::map<std::string, Family> families_;
  std::set<std::pair<std::string, std::map<std::string, std::string>>> seen_;
  std::vector<std::string> wrongs_;
  std::string current_;
};

}  // namespace conclave::status
