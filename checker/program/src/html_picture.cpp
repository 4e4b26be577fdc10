// The picture on a run's page. Geometry: a lane is a share of the width, so that the page fits any window without
// a script; a step is a row of fixed height. Hence x in per cent and y in pixels throughout.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include "conclave/check/diagram.hpp"
#include "html_parts.hpp"

namespace conclave::check {
namespace {

using Out = std::back_insert_iterator<std::string>;

constexpr int row_px = 42;  // run.css has it too
constexpr int ring_px = 10;

// The line of a server, by the names that run.css gives them.
std::string_view css_of(Stroke stroke) {
  switch (stroke) {
    case Stroke::none: return "none";
    case Stroke::down: return "down";
    case Stroke::idle: return "idle";
    case Stroke::looking: return "looking";
    case Stroke::waiting: return "waiting";
    case Stroke::observing: return "observing";
    case Stroke::following: return "following";
    case Stroke::leading: return "leading";
  }
  return "";
}

struct Plot {
  const Diagram& diagram;

  [[nodiscard]] double x(double lane) const { return (lane + 0.5) * 100 / static_cast<double>(diagram.lanes.size()); }
  [[nodiscard]] static int y(std::size_t step) { return static_cast<int>(step) * row_px + row_px / 2; }
};

void line(Out out, const Plot& plot, std::size_t lane, int from, int to, Stroke stroke) {
  const double x = plot.x(static_cast<double>(lane));
  fmt::format_to(out, "<line class=\"{}\" x1=\"{:.2f}%\" x2=\"{:.2f}%\" y1=\"{}\" y2=\"{}\"/>\n", css_of(stroke), x,
                 x, from, to);
  // A quorum is there, the decision is not: an empty tube that the decision fills.
  if (stroke == Stroke::waiting) {
    fmt::format_to(out, "<line class=\"hollow\" x1=\"{:.2f}%\" x2=\"{:.2f}%\" y1=\"{}\" y2=\"{}\"/>\n", x, x, from,
                   to);
  }
}

void lines_of(Out out, const Plot& plot, std::size_t lane) {
  const auto& steps = plot.diagram.steps;
  std::size_t from = 0;
  for (std::size_t step = 1; step <= steps.size(); ++step) {
    const bool goes_on = step < steps.size() && steps[step].strokes[lane] == steps[from].strokes[lane];
    if (goes_on) continue;
    const Stroke stroke = steps[from].strokes[lane];
    const int end = step < steps.size() ? Plot::y(step) : Plot::y(step) - row_px / 4;
    if (stroke != Stroke::none) line(out, plot, lane, Plot::y(from), end, stroke);
    from = step;
  }
}

// An own copy leaves a lane and comes back to it.
void loop(Out out, const Plot& plot, const DiagramArrow& arrow) {
  const int height = Plot::y(arrow.to_step) - Plot::y(arrow.from_step);
  fmt::format_to(
      out,
      "<svg x=\"{:.2f}%\" y=\"{}\" overflow=\"visible\"><path class=\"arrow\" d=\"M0 0 C30 6 30 {} {} {}\" "
      "marker-end=\"url(#end)\"><title>{}</title></path></svg>\n",
      plot.x(static_cast<double>(arrow.to_lane)), Plot::y(arrow.from_step), height - 8, ring_px + 1, height - 2,
      html_text(arrow.title));
}

void arrow(Out out, const Plot& plot, const DiagramArrow& arrow) {
  if (arrow.from_lane == arrow.to_lane) return loop(out, plot, arrow);
  const auto from = static_cast<double>(arrow.from_lane);
  const auto to = static_cast<double>(arrow.to_lane);
  // What is lost stops short of the lane it was meant for.
  const double share = arrow.lost ? 0.72 : 1.0;
  const double x = plot.x(from + (to - from) * share);
  const int y1 = Plot::y(arrow.from_step);
  const int y2 = y1 + static_cast<int>((Plot::y(arrow.to_step) - y1) * share);
  fmt::format_to(
      out, "<line class=\"arrow{}\" x1=\"{:.2f}%\" y1=\"{}\" x2=\"{:.2f}%\" y2=\"{}\"{}><title>{}</title></line>\n",
      arrow.settled ? " settled" : "", plot.x(from), y1, x, y2, arrow.lost ? "" : " marker-end=\"url(#tip)\"",
      html_text(arrow.title));
  if (!arrow.lost) return;
  fmt::format_to(out,
                 "<svg x=\"{:.2f}%\" y=\"{}\" overflow=\"visible\"><path class=\"cross\" d=\"M-5 -5 L5 5 M5 -5 L-5 "
                 "5\"/></svg>\n",
                 x, y2);
}

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(
      utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80; }));
}

void words(Out out, double x, int y, int shift, std::string_view css, std::string_view text) {
  if (text.empty()) return;
  fmt::format_to(out, "<text class=\"{}\" x=\"{:.2f}%\" y=\"{}\" dx=\"{}\" text-anchor=\"{}\">{}</text>\n", css, x, y,
                 shift, shift < 0 ? "end" : "start", html_text(text));
}

void mark(Out out, const Plot& plot, std::size_t number) {
  const DiagramStep& step = plot.diagram.steps[number];
  if (!step.lane) return;
  const double x = plot.x(static_cast<double>(*step.lane));
  const int y = Plot::y(number);
  if (step.mark == Mark::crash) {
    fmt::format_to(out,
                   "<svg x=\"{:.2f}%\" y=\"{}\" overflow=\"visible\"><path class=\"cross\" d=\"M-7 -7 L7 7 M7 -7 L-7 "
                   "7\"/></svg>\n",
                   x, y);
    return;
  }
  const std::string_view css = step.mark == Mark::leading   ? "leading"
                               : step.mark == Mark::changed ? "changed"
                                                            : "same";
  fmt::format_to(
      out, "<circle class=\"ring {}\" cx=\"{:.2f}%\" cy=\"{}\" r=\"{}\"/><text x=\"{:.2f}%\" y=\"{}\">{}</text>\n",
      css, x, y, characters(step.ring) > 2 ? ring_px + 3 : ring_px, x, y + 4, html_text(step.ring));
}

// On which side of a lane words have room: -1 left, 1 right, 0 both. With many lanes they are narrow.
int roomy_side(const Plot& plot, std::size_t lane) {
  const std::size_t lanes = plot.diagram.lanes.size();
  const std::size_t edge = lanes > lanes_few ? 2 : 1;
  if (lane + edge >= lanes && lane > 0) return -1;
  return lane < edge ? 1 : 0;
}

// The words of a step stand beside its mark: what was heard on the side it came from, below the arrow, which comes from
// above; what came of it on the other side. Where one side only has room, they stand one below the other.
void words_of(Out out, const Plot& plot, std::size_t number) {
  const DiagramStep& step = plot.diagram.steps[number];
  const int y = Plot::y(number);
  for (const DiagramArrow& gone : step.gone) {
    if (gone.label.empty()) continue;
    const int room = roomy_side(plot, gone.to_lane);
    const int side = room != 0 ? room : gone.from_lane < gone.to_lane ? -1 : 1;
    words(out, plot.x(static_cast<double>(gone.to_lane)), y + 4, side * 8, "said", gone.label + ", lost");
  }
  if (!step.lane) return;
  const double x = plot.x(static_cast<double>(*step.lane));
  const int room = roomy_side(plot, *step.lane);
  const bool from_left = !step.heard || step.heard->from_lane < step.heard->to_lane;
  const int heard_side = room != 0 ? room : from_left ? -1 : 1;
  const int note_side = room != 0 ? room : -heard_side;
  constexpr int beside = ring_px + 5;
  if (step.heard) {
    const bool below = note_side == heard_side && !step.note.empty();
    words(out, x, y + (below ? 17 : 11), heard_side * beside, "said", step.heard->label);
  }
  const std::string_view css = step.mark == Mark::leading ? "note leads"
                               : step.mark == Mark::crash ? "note fails"
                                                          : "note";
  words(out, x, y + 4, note_side * beside, css, step.note);
}

void end_marks(Out out, const Plot& plot) {
  const int y = Plot::y(plot.diagram.steps.size());
  for (const std::size_t lane : plot.diagram.concerned) {
    const double x = plot.x(static_cast<double>(lane));
    fmt::format_to(
        out,
        "<circle class=\"concern{}\" cx=\"{:.2f}%\" cy=\"{}\" r=\"{}\"/><text x=\"{:.2f}%\" y=\"{}\">{}</text>\n",
        plot.diagram.failure ? "" : " good", x, y, ring_px, x, y + 4, plot.diagram.failure ? "✗" : "✓");
  }
}

// What comes again and again: a field behind the rows, and at its left edge an arrow from its end back to where it
// begins.
void repetition(Out out, const Plot& plot) {
  if (!plot.diagram.repeats_from) return;
  const int top = Plot::y(*plot.diagram.repeats_from) + row_px / 2;
  const int bottom = Plot::y(plot.diagram.steps.size() - 1) + row_px / 2 - 3;
  fmt::format_to(
      out,
      "<g class=\"again\"><title>over and over</title><rect x=\"0\" y=\"{}\" width=\"100%\" height=\"{}\"/>"
      "<path d=\"M10 {} H4 V{} H10\" marker-end=\"url(#end)\"/></g>\n",
      top, bottom - top, bottom - 6, top + 6);
}

void picture(Out out, const Diagram& diagram) {
  const Plot plot{diagram};
  const std::size_t steps = diagram.steps.size();
  fmt::format_to(
      out,
      "<svg class=\"lanes\" height=\"{}\" role=\"img\" aria-label=\"Space-time diagram: a line for each of {} "
      "servers, time downwards, {} steps. The list of steps says the same in words.\">\n<defs>",
      picture_height_px(diagram), diagram.lanes.size(), steps - 1);
  // A message ends at the edge of the mark, and lines can only lead to its middle: the tip is moved back along them.
  constexpr int tip_px = 9;
  for (const auto& [name, back_px] : {std::pair{"tip", ring_px + 1}, std::pair{"end", 0}}) {
    fmt::format_to(
        out,
        "<marker id=\"{}\" viewBox=\"0 0 10 10\" refX=\"{}\" refY=\"5\" markerWidth=\"{}\" markerHeight=\"{}\" "
        "markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path d=\"M0 1 L10 5 L0 9 z\"/></marker>",
        name, 10 + back_px * 10 / tip_px, tip_px, tip_px);
  }
  fmt::format_to(out, "</defs>\n");
  repetition(out, plot);
  for (std::size_t lane = 0; lane < diagram.lanes.size(); ++lane) {
    fmt::format_to(out, "<g data-lane=\"{}\">\n", html_text(diagram.lanes[lane].id));
    lines_of(out, plot, lane);
    fmt::format_to(out, "</g>\n");
  }
  for (std::size_t number = 1; number < steps; ++number) {
    const DiagramStep& step = diagram.steps[number];
    fmt::format_to(out, "<g data-step=\"{}\">\n", number);
    if (step.heard) {
      fmt::format_to(out, "<g class=\"message\">");
      arrow(out, plot, *step.heard);
      fmt::format_to(out, "</g>\n");
    }
    for (const DiagramArrow& gone : step.gone) {
      fmt::format_to(out, "<g class=\"lost{}\">", gone.passing ? " passing" : "");
      arrow(out, plot, gone);
      fmt::format_to(out, "</g>\n");
    }
    fmt::format_to(out, "</g>\n");
  }
  for (std::size_t number = 1; number < steps; ++number) {
    fmt::format_to(out, "<g data-step=\"{}\">\n", number);
    words_of(out, plot, number);
    mark(out, plot, number);
    fmt::format_to(out, "</g>\n");
  }
  end_marks(out, plot);
  fmt::format_to(out, "</svg>\n");
}

}  // namespace

// A row for each step, and one for the end.
std::size_t picture_height_px(const Diagram& diagram) { return (diagram.steps.size() + 1) * row_px; }

std::string stroke_html(Stroke stroke) {
  std::string html = R"(<svg width="44" height="14" aria-hidden="true">)";
  const auto piece = [&](std::string_view css) {
    html += fmt::format(R"(<line class="{}" x1="1" x2="43" y1="7" y2="7"/>)", css);
  };
  piece(css_of(stroke));
  if (stroke == Stroke::waiting) piece("hollow");
  return html + "</svg>";
}

std::string picture_html(const Diagram& diagram) {
  std::string html;
  picture(std::back_inserter(html), diagram);
  return html;
}

}  // namespace conclave::check
