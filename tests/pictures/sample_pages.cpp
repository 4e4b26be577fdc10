// Writes pages of random runs into a folder, and what has to be seen on each, counted from the runs themselves, as JSON
// on stdout. usage: sample_pages FOLDER
#include <cstdio>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "conclave/check/diagram.hpp"
#include "conclave/config/zoo_cfg.hpp"
#include "walk.hpp"

namespace {

using namespace conclave;

struct Sample {
  const char* name;
  int voters;
  int observers;
  std::size_t steps;
  spec::Scope scope;
  unsigned seed;
};

// Hosts that are no more than a test of what a page makes of them.
std::string zoo_cfg(const Sample& sample) {
  std::string text;
  for (int id = 1; id <= sample.voters + sample.observers; ++id) {
    const std::string number = std::to_string(id);
    text += "server." + number + "=zk" + number + "-of-a-long-name.example.org:2888:3888";
    text += id > sample.voters ? ":observer\n" : "\n";
  }
  return text;
}

spec::Scope scope(bool fifo, spec::Grain grain, int crashes, int restarts, int losses) {
  spec::Scope scope;
  if (fifo) scope.network = spec::Network{spec::NetworkKind::fifo, 1};
  scope.grain = grain;
  scope.crashes = crashes;
  scope.restarts = restarts;
  scope.losses = losses;
  scope.rounds = 3;
  return scope;
}

// One lane more than can be explored, for the page has no such bound.
void add_lane(check::Diagram& diagram, const std::string& id) {
  diagram.lanes.push_back(check::DiagramLane{id, "never"});
  diagram.start_table.emplace_back(diagram.start_columns.size(), "-");
  for (check::DiagramStep& step : diagram.steps) {
    step.strokes.push_back(check::Stroke::none);
    step.table.emplace_back(diagram.columns.size());
  }
}

nlohmann::json expected(const check::Run& run) {
  std::size_t heard = 0;
  std::size_t lost = 0;
  std::size_t crashes = 0;
  for (const check::RunStep& step : run.steps) {
    if (!step.action) continue;
    const auto kind = step.action->kind;
    heard += kind == spec::ActionKind::read || kind == spec::ActionKind::deliver ? 1 : 0;
    crashes += kind == spec::ActionKind::crash ? 1 : 0;
    lost += step.gone.size();
  }
  return {{"lanes", run.steps.front().servers.size()},
          {"steps", run.steps.size() - 1},
          {"heard", heard},
          {"lost", lost},
          {"crashes", crashes},
          {"clause", run.clause}};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  using spec::Grain;
  const Sample samples[] = {
      {"three-short", 3, 0, 9, scope(false, Grain::coarse, 0, 0, 0), 3},
      {"five-faults", 5, 0, 40, scope(false, Grain::coarse, 2, 2, 0), 7},
      {"five-fifo", 5, 0, 60, scope(true, Grain::coarse, 1, 1, 3), 5},
      {"three-fine", 3, 0, 60, scope(true, Grain::fine, 1, 1, 1), 11},
      {"nine", 6, 2, 60, scope(false, Grain::coarse, 2, 1, 0), 13},
  };
  nlohmann::json all = nlohmann::json::object();
  for (const Sample& sample : samples) {
    check::Outcome outcome;
    const std::string hostile = "<script>window.escaped = false</script> & \"zoo\".cfg";
    outcome.cfg = config::parse_zoo_cfg(zoo_cfg(sample), hostile, {}).value();
    outcome.options.scope = sample.scope;
    const spec::Scenario scenario =
        spec::every_history(model::single_configuration(outcome.cfg.configuration), sample.voters).front();
    spec::ClosedSystem system(scenario, sample.scope, spec::zookeeper_rules());
    const check::Run run = pictures::Walk(system, sample.seed).go(sample.steps, spec::Property::no_deadlock);
    check::Diagram diagram = check::diagram_of(outcome, scenario, run);
    nlohmann::json facts = expected(run);
    if (std::string(sample.name) == "nine") {
      add_lane(diagram, "9");
      facts["lanes"] = diagram.lanes.size();
    }
    facts["sentence"] = diagram.sentence;
    std::ofstream(std::string(argv[1]) + "/" + sample.name + ".html") << check::html_page(diagram);
    all[sample.name] = std::move(facts);
  }
  std::cout << all.dump(2) << "\n";
  return 0;
}
