// One run as one HTML page. What stands in it comes from a user's file: everything goes through html_text().
#include <fmt/format.h>

#include <iterator>
#include <string>
#include <string_view>

#include "conclave/check/diagram.hpp"
#include "conclave/check/page_assets.hpp"
#include "conclave/check/words.hpp"
#include "html_parts.hpp"
#include "printable.hpp"

namespace conclave::check {
namespace {

using Out = std::back_insert_iterator<std::string>;

// A longer sentence makes a smaller heading.
constexpr std::size_t heading_chars_max = 90;
constexpr int lane_px_few = 84;
constexpr int lane_px_many = 62;

void table_head(Out out, const std::vector<std::string>& columns) {
  fmt::format_to(out, "<thead><tr><th scope=\"col\">server</th>");
  for (const std::string& column : columns) fmt::format_to(out, "<th scope=\"col\">{}</th>", html_text(column));
  fmt::format_to(out, "</tr></thead>\n<tbody>\n");
}

void cell(Out out, const DiagramCell& cell, const std::string& column) {
  // Where there is no room for the head of a table, each cell says what it is; a state does not need to.
  const std::string as = column == "state" ? "" : fmt::format(" data-as=\"{}\"", html_text(column));
  if (!cell.changed) {
    fmt::format_to(out, "<td{}{}>{}</td>", cell.text.empty() ? " class=\"empty\"" : "", as, html_text(cell.text));
    return;
  }
  fmt::format_to(out, "<td class=\"new\"{}>", as);
  fmt::format_to(out, "<span class=\"hidden\">changed: </span>{}",
                 cell.text.empty() ? "nothing" : html_text(cell.text));
  if (!cell.before.empty()) {
    fmt::format_to(out, "<del><span class=\"hidden\"> before: </span>{}</del>", html_text(cell.before));
  }
  fmt::format_to(out, "</td>");
}

void state_table(Out out, const Diagram& diagram, const DiagramStep& step) {
  fmt::format_to(out, "<table class=\"states\">\n<caption class=\"hidden\">The servers after this step</caption>\n");
  table_head(out, diagram.columns);
  for (std::size_t lane = 0; lane < step.table.size(); ++lane) {
    fmt::format_to(out, "<tr{}><th scope=\"row\">{}</th>", step.lane == lane ? " class=\"acts\"" : "",
                   html_text(diagram.lanes[lane].id));
    for (std::size_t i = 0; i < step.table[lane].size(); ++i) cell(out, step.table[lane][i], diagram.columns[i]);
    fmt::format_to(out, "</tr>\n");
  }
  fmt::format_to(out, "</tbody></table>\n");
}

void start_table(Out out, const Diagram& diagram) {
  fmt::format_to(out, "<table class=\"start\">\n<caption>What the servers begin with</caption>\n");
  table_head(out, diagram.start_columns);
  for (std::size_t lane = 0; lane < diagram.start_table.size(); ++lane) {
    fmt::format_to(out, "<tr><th scope=\"row\">{}</th>", html_text(diagram.lanes[lane].id));
    for (std::size_t i = 0; i < diagram.start_table[lane].size(); ++i) {
      cell(out, DiagramCell{diagram.start_table[lane][i], false, {}}, diagram.start_columns[i]);
    }
    fmt::format_to(out, "</tr>\n");
  }
  fmt::format_to(out, "</tbody></table>\n");
}

// Why the property failed (or was reached), beside its sentence.
void judgement(Out out, const Diagram& diagram) {
  fmt::format_to(out, "<p><span class=\"sign\" aria-hidden=\"true\">{}</span> <b>{}.</b> {}</p>\n",
                 diagram.failure ? "✗" : "✓", html_text(diagram.verdict), html_text(diagram.clause));
}

void article(Out out, const Diagram& diagram, std::size_t number) {
  const DiagramStep& step = diagram.steps[number];
  fmt::format_to(out, "<article id=\"step-{}\">\n<h3>{} {}</h3>\n", number,
                 number == 0 ? "At the start" : fmt::format("Step {}:", number),
                 html_text(number == 0 ? step.text == "" ? "" : "– " + step.text : step.text));
  if (!step.changes.empty()) {
    fmt::format_to(out, "<ul class=\"changes\">\n");
    for (const std::string& change : step.changes) fmt::format_to(out, "<li>{}</li>\n", html_text(change));
    fmt::format_to(out, "</ul>\n");
  }
  if (number == 0) start_table(out, diagram);
  if (number + 1 == diagram.steps.size()) {
    fmt::format_to(out, "<div class=\"{}\"><p>{}</p>", diagram.failure ? "broken failed" : "good reached",
                   html_text(diagram.sentence));
    judgement(out, diagram);
    fmt::format_to(out, "</div>\n");
  }
  if (number > 0) state_table(out, diagram, step);
  fmt::format_to(out, "</article>\n");
}

void panel(Out out, const Diagram& diagram) {
  fmt::format_to(out,
                 "<section class=\"panel\" id=\"states\" tabindex=\"-1\" aria-label=\"The servers, step by step\">\n"
                 "<nav aria-label=\"steps\"><output id=\"where\" aria-live=\"polite\"></output>"
                 "<button type=\"button\" id=\"back\" aria-label=\"one step back\">←</button>"
                 "<button type=\"button\" id=\"on\" aria-label=\"one step on\">→</button></nav>\n");
  for (std::size_t number = 0; number < diagram.steps.size(); ++number) article(out, diagram, number);
  fmt::format_to(out, "</section>\n");
}

void chart(Out out, const Diagram& diagram) {
  fmt::format_to(out, "<div class=\"heads\"><span class=\"what\">step</span><ul aria-label=\"servers\">\n");
  for (const DiagramLane& lane : diagram.lanes) {
    fmt::format_to(out, "<li><b>{}</b><small title=\"{}\">{}</small></li>\n", html_text(lane.id),
                   html_text(lane.name), html_text(lane.name));
  }
  fmt::format_to(out,
                 "</ul></div>\n<div class=\"body\" style=\"--height: {}px\">\n<ol class=\"rows\" start=\"0\" "
                 "aria-label=\"the steps\">\n",
                 picture_height_px(diagram));
  for (std::size_t number = 0; number < diagram.steps.size(); ++number) {
    const DiagramStep& step = diagram.steps[number];
    fmt::format_to(out,
                   "<li><a href=\"#step-{}\"><span class=\"no\">{}</span><span class=\"say\"><span>{}</span>"
                   "<span>{}</span></span></a></li>\n",
                   number, number, html_text(step.headline), html_text(step.outcome));
  }
  fmt::format_to(out, "</ol>\n<div class=\"end\"><p class=\"{}\">{}</p></div>\n",
                 diagram.failure ? "failed" : "reached",
                 html_text(diagram.clause.empty() ? diagram.verdict : diagram.clause));
  fmt::format_to(out, "{}</div>\n", picture_html(diagram));
}

void foot(Out out, const Diagram& diagram) {
  fmt::format_to(out, "<footer class=\"foot\">\n<section><h2>How to read the picture</h2>\n<ul class=\"key\">\n");
  for (const auto& [stroke, name] : diagram.stroke_names) {
    fmt::format_to(out, "<li>{} {}</li>\n", stroke_html(stroke), html_text(name));
  }
  fmt::format_to(
      out,
      "</ul>\n<p>Time runs downwards. An arrow leads from where a server said something to where another "
      "heard it; a broken arrow says what a settled server answers. A cross is a crash, or a message that "
      "nobody heard. The number in a ring is the server that this one now votes for, or has settled on; r2 says that "
      "a vote is of round 2.{}</p>\n"
      "<p class=\"keys\"><kbd>←</kbd> <kbd>→</kbd> go from step to step; a click on a row chooses it.</p>"
      "</section>\n<section><h2>Where it comes from</h2>\n<dl>\n",
      diagram.repeats_from ? " The steps on grey come over and over, without end." : "");
  for (const auto& [what, value] : diagram.facts) {
    fmt::format_to(out, "<dt>{}</dt><dd>{}</dd>\n", html_text(what), html_text(value));
  }
  fmt::format_to(out, "</dl></section>\n</footer>\n");
}

}  // namespace

std::string html_text(std::string_view text) {
  std::string html;
  html.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    switch (text.front()) {
      case '&': html += "&amp;"; break;
      case '<': html += "&lt;"; break;
      case '>': html += "&gt;"; break;
      case '"': html += "&quot;"; break;
      case '\'': html += "&#39;"; break;
      default: html += length == 0 ? std::string_view("\xef\xbf\xbd") : text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return html;
}

std::string html_page(const Diagram& diagram) {
  const bool few = diagram.lanes.size() <= lanes_few;
  const std::size_t lanes_px = diagram.lanes.size() * static_cast<std::size_t>(few ? lane_px_few : lane_px_many);
  std::string html;
  const auto out = std::back_inserter(html);
  fmt::format_to(
      out,
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src "
      "'unsafe-inline'; script-src 'unsafe-inline'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"generator\" content=\"Conclave {}\">\n<link rel=\"icon\" href=\"data:,\">\n"
      "<title>{}: {}</title>\n<style>\n",
      version(), html_text(diagram.name), html_text(diagram.verdict));
  html += run_css;
  fmt::format_to(
      out,
      "</style>\n</head>\n<body>\n<a class=\"hidden skip\" href=\"#states\">to the servers, step by step</a>\n"
      "<header>\n<p class=\"over\"><code>{}</code>, {}</p>\n<h1{}>{}</h1>\n<div class=\"{}\">",
      html_text(diagram.name), html_text(diagram.standing),
      diagram.sentence.size() > heading_chars_max ? " class=\"long\"" : "", html_text(diagram.sentence),
      diagram.failure ? "failed" : "reached");
  judgement(out, diagram);
  fmt::format_to(
      out,
      "</div>\n</header>\n<main class=\"run {}\" style=\"--chart: calc(var(--number) + {}px + var(--say))\">\n"
      "<section class=\"chart\" aria-label=\"The run as a picture\">\n",
      few ? "few" : "many", lanes_px);
  chart(out, diagram);
  fmt::format_to(out, "</section>\n");
  panel(out, diagram);
  fmt::format_to(out, "</main>\n");
  foot(out, diagram);
  fmt::format_to(out, "<script>\n");
  html += run_js;
  fmt::format_to(out, "</script>\n</body>\n</html>\n");
  return html;
}

}  // namespace conclave::check
