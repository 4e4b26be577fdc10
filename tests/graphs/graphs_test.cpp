// Graphs of a few nodes, written by hand: what stands in the files.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "conclave/check/graph_words.hpp"
#include "conclave/check/state_graph.hpp"

namespace conclave::check {
namespace {

StateGraph two_nodes() {
  StateGraph graph;
  graph.what = "two";
  graph.shown = "2 of 7 states";
  graph.cut = true;
  GraphNode first;
  first.lines = {"1: \"quoted\" \\ <&>", "2: LOOKING"};
  first.initial = true;
  first.undrawn = 3;
  GraphNode second;
  second.level = 1;
  second.breaks = {"single-leading"};
  second.end = true;
  second.on_run = true;
  graph.nodes = {first, second};
  graph.edges = {GraphEdge{0, 1, "1 starts", true, false, {"proposals-rise"}},
                 GraphEdge{1, 1, "again", true, true, {}}};
  return graph;
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(Graphs, DotHasEachNodeAndEdgeOnce) {
  const std::string dot = dot_of(two_nodes());
  EXPECT_EQ(dot.rfind("digraph G {", 0), 0U) << dot;
  EXPECT_EQ(count_of(dot, "->"), 2U);
  EXPECT_EQ(count_of(dot, "0->1"), 1U);
  EXPECT_EQ(count_of(dot, "1->1"), 1U);
  // A quote or a backslash of a label is none of the language.
  EXPECT_NE(dot.find(R"(1: \"quoted\" \\ <&>\l2: LOOKING\l)"), std::string::npos) << dot;
  EXPECT_EQ(std::count(dot.begin(), dot.end(), '"') % 2, 0);
}

TEST(Graphs, DotSaysInWordsWhatItMarks) {
  const std::string dot = dot_of(two_nodes());
  for (const char* words : {"START", "BREAKS single-leading", "BREAKS proposals-rise", "... 3 more", "2 of 7 states",
                            "nothing can happen", "dashed", "over and over"}) {
    EXPECT_NE(dot.find(words), std::string::npos) << words << " is not in\n" << dot;
  }
  StateGraph settled = two_nodes();
  settled.nodes[1].settled = true;
  settled.nodes[0].undrawn = 0;
  const std::string other = dot_of(settled);
  EXPECT_EQ(other.find("nothing can happen"), std::string::npos);
  EXPECT_NE(other.find("settled"), std::string::npos);
  EXPECT_EQ(other.find("dashed: "), std::string::npos);
}

TEST(Graphs, GraphmlEscapesWhatXmlWouldRead) {
  const std::string xml = graphml_of(two_nodes());
  EXPECT_EQ(xml.rfind("<?xml", 0), 0U);
  EXPECT_NE(xml.find("&lt;&amp;&gt;"), std::string::npos) << xml;
  EXPECT_EQ(count_of(xml, "<node "), 2U);
  EXPECT_EQ(count_of(xml, "<edge "), 2U);
  EXPECT_NE(xml.find("2 of 7 states"), std::string::npos);
}

TEST(Graphs, AnEmptyGraphIsOne) {
  EXPECT_EQ(count_of(dot_of(StateGraph{}), "->"), 0U);
  EXPECT_EQ(count_of(graphml_of(StateGraph{}), "<node "), 0U);
}

TEST(Graphs, TheEndingOfTheNameDecides) {
  EXPECT_EQ(graph_writer("a.dot"), &dot_of);
  EXPECT_EQ(graph_writer("some/where.x/a.gv"), &dot_of);
  EXPECT_EQ(graph_writer("a.graphml"), &graphml_of);
  for (const char* other : {"", ".dot", "dot", "a.DOT", "a.dot/", "a.dot.svg", "a.xml", "graphml", ".graphml"}) {
    EXPECT_EQ(graph_writer(other), nullptr) << other;
  }
}

TEST(Graphs, OnlyWhatMustNotBeIsBroken) {
  using spec::Property;
  const auto set = bit(Property::single_leading) | bit(Property::no_deadlock) | bit(Property::all_settled);
  EXPECT_EQ(broken_names(set), (std::vector<std::string>{"no-deadlock", "single-leading"}));
  EXPECT_TRUE(broken_names(0).empty());
}

}  // namespace
}  // namespace conclave::check
