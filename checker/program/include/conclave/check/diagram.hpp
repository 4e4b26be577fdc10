// A run as a space-time diagram, with every word already chosen: what the page writer draws, knowing nothing of
// elections.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "conclave/check/outcome.hpp"

namespace conclave::check {

// How the line of a server is drawn between two steps: the more settled, the heavier.
enum class Stroke : std::uint8_t { none, down, idle, looking, waiting, observing, following, leading };
// What is drawn where a step meets a server's line.
enum class Mark : std::uint8_t { same, changed, leading, crash };

struct DiagramLane {
  std::string id;
  std::string name;  // below it, small; may be empty
};

// A message: from where a server said it to where another heard it (or where it was lost).
struct DiagramArrow {
  std::size_t from_lane = 0;
  std::size_t from_step = 0;
  std::size_t to_lane = 0;
  std::size_t to_step = 0;
  bool settled = false;  // said by a server that is not looking
  bool lost = false;
  bool passing = false;  // lost: not by the step's own doing; a newer message took its place, or its receiver crashed
  std::string label;     // the vote in two words
  std::string title;     // all of it
};

struct DiagramCell {
  std::string text;
  bool changed = false;  // by this step
  std::string before;    // changed: what it was, if that is worth telling
};

// One step; number 0 is the start and has no lane.
struct DiagramStep {
  std::optional<std::size_t> lane;  // who acts
  Mark mark = Mark::same;
  std::string ring;                  // in the mark: whom the server now proposes, or has settled on
  std::string note;                  // beside the mark, in a word or two
  std::string headline;              // what happens, in a few words
  std::string outcome;               // what comes of it, in a few words
  std::string text;                  // what happens, in full
  std::vector<std::string> changes;  // what comes of it, in full
  std::optional<DiagramArrow> heard;
  std::vector<DiagramArrow> gone;
  std::vector<Stroke> strokes;                  // of each lane, from this step on
  std::vector<std::vector<DiagramCell>> table;  // after the step; a row for each lane, a cell for each column
};

struct Diagram {
  std::string name;      // of the property
  std::string sentence;  // of the property
  std::string verdict;   // "Broken after 9 steps"
  std::string clause;    // why, in words; may be empty
  std::string standing;  // "known not to hold", say
  bool failure = true;   // false: the run shows something that has to be seen
  std::vector<DiagramLane> lanes;
  std::vector<std::string> columns;  // of each step's table
  std::vector<DiagramStep> steps;
  std::optional<std::size_t> repeats_from;                   // after the last step all is as after this one
  std::vector<std::size_t> concerned;                        // lanes that the clause is about
  std::vector<std::string> start_columns;                    // what servers begin with
  std::vector<std::vector<std::string>> start_table;         // a row for each lane
  std::vector<std::pair<std::string, std::string>> facts;    // about the exploration: what, and its value
  std::vector<std::pair<Stroke, std::string>> stroke_names;  // those that occur
};

// `run` is one of outcome.explored[i].report's, and `scenario` that exploration's.
Diagram diagram_of(const Outcome& outcome, const spec::Scenario& scenario, const Run& run);
Diagram diagram_of(const Outcome& outcome, const spec::Scenario& scenario, const LassoRun& run);

// One HTML page, complete in itself: it asks for nothing from any network.
std::string html_page(const Diagram& diagram);

}  // namespace conclave::check
