// The program `conclave-node`; `conclave node` hands over to it.
#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "conclave/node/epoch_files.hpp"
#include "conclave/node/node.hpp"
#include "conclave/node/storage.hpp"
#include "conclave/status/addresses.hpp"
#include "conclave/status/status_ports.hpp"

namespace {

using namespace conclave;

// As in docs/json.md.
constexpr int aborted = 3;
constexpr int bad_input = 4;
constexpr int wrong_use = 5;
constexpr int internal_defect = 70;

struct Options {
  std::string file;
  std::optional<std::int64_t> sid;
  int finalize_wait_ms = 200;
  std::string log = "info";
  bool votes_only = false;
  std::vector<std::string> http;
};

int refused(const std::string& sentence, int code) {
  fmt::print(stderr, "conclave node: {}\n", sentence);
  return code;
}

// For programs that watch; flushed, so that it comes at once.
void print_state(model::ServerId sid, const node::NodeState& state) {
  const bool looking = state.state == model::ServerState::looking;
  const std::string leader = looking ? "-" : std::to_string(state.leader.value);
  fmt::print("@state sid={} state={} leader={} epoch={}{}\n", sid.value, name_of(state.state), leader,
             state.epoch.value, state.established ? " established" : "");
  std::fflush(stdout);
}

tl::expected<std::vector<wire::HostPort>, std::string> listen_addresses(const std::vector<std::string>& texts) {
  std::vector<wire::HostPort> addresses;
  for (const std::string& text : texts) {
    auto address = status::parse_listen_address(text);
    if (!address) return tl::unexpected("--http: found " + address.error());
    addresses.push_back(std::move(*address));
  }
  return addresses;
}

int run(const Options& options) {
  auto http = listen_addresses(options.http);
  if (!http) return refused(http.error(), wrong_use);
  auto cfg = config::read_zoo_cfg(options.file);
  if (!cfg) return refused(cfg.error().message(), bad_input);
  node::NodeSettings settings;
  settings.finalize_wait_ms = options.finalize_wait_ms;
  if (options.sid) {
    settings.sid = model::ServerId{*options.sid};
  } else {
    if (!cfg->data_dir) return refused(cfg->file + ": found no dataDir; expected one with myid, or --sid", bad_input);
    const auto myid = node::read_myid(*cfg->data_dir);
    if (!myid) return refused(myid.error(), bad_input);
    settings.sid = *myid;
  }
  if (cfg->configuration.find(settings.sid) == nullptr) {
    return refused(
        fmt::format("{}: found no server.{}; expected this server among the others", cfg->file, settings.sid.value),
        bad_input);
  }
  if (cfg->data_dir) {
    const auto durable = node::read_epochs(*cfg->data_dir);
    if (!durable) return refused(durable.error(), bad_input);
    settings.durable = *durable;
  }
  std::optional<node::DiskEpochFiles> files;
  if (cfg->data_dir && !options.votes_only) {
    try {
      files.emplace(*cfg->data_dir);
    } catch (const node::WriteFailed& failure) {
      return refused(failure.what(), bad_input);
    }
    settings.files = &*files;
  }
  settings.cfg = *cfg;
  spdlog::info("This node stores no data: it takes part in elections{}, and never has a copy of what clients write.",
               settings.files != nullptr ? " and epochs" : " only");

  boost::asio::io_context io;
  const model::ServerId sid = settings.sid;
  const auto self = node::Node::make(io, settings, [sid](const node::NodeState& state) { print_state(sid, state); });
  status::StatusPorts ports(io, {sid, std::move(*cfg), std::move(*http)}, [self] { return self->status(); });
  if (const auto bound = ports.listen(); !bound) return refused(bound.error(), aborted);
  print_state(sid, self->state());
  if (const auto started = self->start(); !started) return refused(started.error(), aborted);
  boost::asio::signal_set signals(io, SIGINT, SIGTERM);
  signals.async_wait([&](boost::system::error_code, int) {
    self->stop();
    ports.stop();
    io.stop();
  });
  try {
    io.run();
  } catch (const node::WriteFailed& failure) {
    return refused(failure.what(), aborted);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    Options options;
    CLI::App app("Takes part in the elections of a ZooKeeper ensemble.", "conclave node");
    app.add_option("FILE", options.file, "the zoo.cfg that a ZooKeeper server would get")->required();
    app.add_option("--sid", options.sid, "this server's id (default: dataDir/myid)");
    app.add_option("--finalize-wait", options.finalize_wait_ms,
                   "milliseconds to wait for something better (default 200, ZooKeeper's)")
        ->check(CLI::Range(1, 60000));
    app.add_option("--http", options.http, "HOST:PORT for /metrics and /status; :PORT for all addresses; repeatable");
    app.add_flag("--votes-only", options.votes_only, "no quorum port, no epoch: only elections");
    app.add_option("--log", options.log, "off, error, warn, info (default), debug")
        ->check(CLI::IsMember({"off", "error", "warn", "info", "debug"}));
    try {
      app.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
      fmt::print("{}", app.help());
      return 0;
    } catch (const CLI::ParseError& error) {
      return refused(error.what(), wrong_use);
    }
    // stdout is for @state.
    spdlog::set_default_logger(spdlog::stderr_logger_mt("conclave"));
    spdlog::set_pattern("%Y-%m-%d %H:%M:%S,%e - %-5l %v");
    spdlog::set_level(spdlog::level::from_str(options.log));
    return run(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "conclave node: internal defect: {}\n", error.what());
  } catch (...) {
    std::fputs("conclave node: internal defect: an exception of unknown kind\n", stderr);
  }
  return internal_defect;
}
