#include "conclave/status/pages.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "exposition.hpp"
#include "support.hpp"

namespace conclave::status {
namespace {

using model::ServerState;
using namespace std::chrono_literals;

class Pages : public testing::Test {
 protected:
  Shown shown(ServerState state) {
    Shown shown{cfg_, status_in(state), {}, {}, process_figures()};
    shown.node.connections.rejected[static_cast<std::size_t>(wire::Reject::own_id)] = 4;
    shown.node.notifications_rejected[static_cast<std::size_t>(wire::Reject::unknown_state)] = 5;
    shown.node.connections.received = 77;
    shown.client.words["ruok"] = 6;
    shown.client.rejected[static_cast<std::size_t>(ClientReject::session)] = 7;
    shown.client.tcp.evicted = 8;
    shown.http.answers[404] = 9;
    return shown;
  }
  config::ZooCfg cfg_ = cfg_of(four_servers);
};

TEST_F(Pages, MetricsAreOfPrometheusFormatInEveryState) {
  for (const ServerState state :
       {ServerState::looking, ServerState::following, ServerState::leading, ServerState::observing}) {
    const Exposition page(metrics_text(shown(state)));
    for (const std::string& wrong : page.wrongs()) ADD_FAILURE() << wrong;
    EXPECT_GT(page.families().size(), 30U);
    EXPECT_EQ(page.value("conclave_state", {{"state", std::string(name_of(state))}}), 1.0);
    double states = 0;
    for (const Sample& sample : page.families().at("conclave_state").samples) states += sample.value;
    EXPECT_EQ(states, 1.0);
  }
}

TEST_F(Pages, MetricsSayWhatWasCounted) {
  const Exposition page(metrics_text(shown(ServerState::leading)));
  const std::map<std::pair<std::string, std::map<std::string, std::string>>, double> expected{
      {{"conclave_leader_sid", {}}, 3},
      {{"conclave_established", {}}, 1},
      {{"conclave_current_epoch", {}}, 1},
      {{"conclave_learners_synced", {}}, 3},
      {{"conclave_elections_decided_total", {{"state", "LEADING"}}}, 1},
      {{"conclave_election_duration_seconds_bucket", {{"le", "0.2"}}}, 0},
      {{"conclave_election_duration_seconds_bucket", {{"le", "0.3"}}}, 1},
      {{"conclave_election_duration_seconds_bucket", {{"le", "+Inf"}}}, 1},
      {{"conclave_election_duration_seconds_sum", {}}, 0.25},
      {{"conclave_unavailable_duration_seconds_sum", {}}, 0.3},
      {{"conclave_notifications_received_total", {}}, 77},
      {{"conclave_rejected_total", {{"port", "election"}, {"reason", "own-id"}}}, 4},
      {{"conclave_rejected_total", {{"port", "election"}, {"reason", "unknown-state"}}}, 5},
      {{"conclave_rejected_total", {{"port", "client"}, {"reason", "session"}}}, 7},
      {{"conclave_rejected_total", {{"port", "client"}, {"reason", "connection-limit"}}}, 8},
      {{"conclave_rejected_total", {{"port", "quorum"}, {"reason", "silent"}}}, 0},
      {{"conclave_four_letter_words_total", {{"word", "ruok"}}}, 6},
      {{"conclave_http_answers_total", {{"code", "404"}}}, 9},
      {{"conclave_peer_connected", {{"peer", "1"}}}, 1},
  };
  for (const auto& [sample, value] : expected)
    EXPECT_EQ(page.value(sample.first, sample.second), value) << sample.first;
  EXPECT_FALSE(page.value("conclave_peer_connected", {{"peer", "3"}}));  // itself
}

// The reader is no yes-sayer.
TEST(ExpositionReader, FindsWhatIsWrong) {
  const std::string good = "# HELP a_total A.\n# TYPE a_total counter\na_total 1\n";
  EXPECT_TRUE(Exposition(good).wrongs().empty());
  for (const char* wrong :
       {"# HELP a_total A.\n# TYPE a_total counter\na_total 1", "# TYPE a_total counter\na_total 1\n",
        "# HELP a A.\n# TYPE a counter\na 1\n", "# HELP a A.\n# TYPE a gauge\na 1\na 2\n",
        "# HELP a A.\n# TYPE a gauge\nb 1\n", "# HELP a A.\n# TYPE a gauge\na {x=\"1\"} 1\n",
        "# HELP a A.\n# TYPE a gauge\na one\n", "# HELP a A.\n# TYPE a gauge\na-b 1\n",
        "# HELP h H.\n# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n",
        "# HELP h H.\n# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_sum 1\nh_count 1\n",
        "# HELP h H.\n# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 2\n"}) {
    EXPECT_FALSE(Exposition(wrong).wrongs().empty()) << wrong;
  }
}

TEST_F(Pages, StatusIsAnObjectWithEverything) {
  Shown all = shown(ServerState::leading);
  all.node.peers[0].heard = node::Heard{
      1, model::ServerId{3}, model::Zxid{0x100000002}, model::Round{2}, model::PeerEpoch{1}, all.node.now - 40ms};
  const auto json = nlohmann::json::parse(status_json(all));
  EXPECT_EQ(json["format"], status_format);
  EXPECT_EQ(json["sid"], 3);
  EXPECT_EQ(json["state"], "LEADING");
  EXPECT_EQ(json["detailedState"], "leading - broadcast");
  EXPECT_EQ(json["leader"], 3);
  EXPECT_EQ(json["established"], true);
  EXPECT_EQ(json["vote"]["zxid"], "0x0");
  EXPECT_EQ(json["stateMs"], 2293.0);
  EXPECT_EQ(json["peers"].size(), 4U);
  EXPECT_EQ(json["peers"][0]["lastHeard"]["state"], "FOLLOWING");
  EXPECT_EQ(json["peers"][0]["lastHeard"]["zxid"], "0x100000002");
  EXPECT_EQ(json["peers"][0]["lastHeard"]["agoMs"], 40.0);
  EXPECT_EQ(json["peers"][0]["learner"], "up-to-date");
  EXPECT_TRUE(json["peers"][1]["lastHeard"].is_null());
  EXPECT_EQ(json["peers"][3]["type"], "observer");
  EXPECT_EQ(json["elections"]["electionTime"]["sumMs"], 250.0);
  EXPECT_EQ(json["elections"]["electionTime"]["buckets"].size(), node::DurationHistogram::bounds_ms.size() + 1);
  EXPECT_TRUE(json["elections"]["electionTime"]["buckets"].back()["upToMs"].is_null());
  EXPECT_EQ(json["electionPort"]["rejected"]["own-id"], 4);
  EXPECT_EQ(json["clientPort"]["words"]["ruok"], 6);
  EXPECT_EQ(json["clientPort"]["rejected"]["session"], 7);
  EXPECT_EQ(json["http"]["answers"]["404"], 9);
}

TEST_F(Pages, WhileLookingThereIsNoLeader) {
  const auto json = nlohmann::json::parse(status_json(shown(ServerState::looking)));
  EXPECT_TRUE(json["leader"].is_null());
  EXPECT_EQ(json["running"], false);
  EXPECT_EQ(json["detailedState"], "looking");
  EXPECT_EQ(Exposition(metrics_text(shown(ServerState::looking))).value("conclave_leader_sid"), -1.0);
}

TEST(ProcessFigures, AreOfThisProcess) {
  const ProcessFigures figures = process_figures();
  EXPECT_GT(figures.resident_bytes, 1U << 20U);
  EXPECT_LT(figures.resident_bytes, figures.virtual_bytes);
  EXPECT_GE(figures.open_descriptors, 3U);
  EXPECT_GE(figures.descriptors_max, figures.open_descriptors);
  const double now = static_cast<double>(
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count());
  EXPECT_NEAR(figures.start_time_seconds, now, 3600);
}

}  // namespace
}  // namespace conclave::status
