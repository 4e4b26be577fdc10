// The program `conclave-node`; `conclave node` hands over to it.
#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "conclave/node/epoch_files.hpp"
#include "conclave/node/folder_lock.hpp"
#include "conclave/node/node.hpp"
#include "conclave/node/storage.hpp"
#include "conclave/record/recorder.hpp"
#include "conclave/status/addresses.hpp"
#include "conclave/status/status_ports.hpp"
#include "program.hpp"
#include "tls.hpp"

namespace {

using namespace conclave;
using program::ExitCode;

constexpr program::Program this_program{"conclave node", "Takes part in the elections of a ZooKeeper ensemble."};

struct Options {
  std::string file;
  std::optional<std::int64_t> sid;
  int finalize_wait_ms = 200;
  std::string log = "info";
  bool votes_only = false;
  std::string record;
  std::vector<std::string> http;
  bool empty_history = false;
};

ExitCode refused(const std::string& sentence, ExitCode code) {
  return program::refused(this_program, sentence, code);
}

// For programs that watch; flushed, so that it comes at once. Whoever watched may have ended: the node goes on.
void print_state(model::ServerId sid, const node::NodeState& state) {
  const bool looking = state.state == model::ServerState::looking;
  const std::string leader = looking ? "-" : std::to_string(state.leader.value);
  fmt::print("@state sid={} state={} leader={} epoch={}{}\n", sid.value, name_of(state.state), leader,
             state.epoch.value, state.established ? " established" : "");
  static bool told = false;
  if (std::fflush(stdout) == 0 || std::exchange(told, true)) return;
  spdlog::error("@state can't be written to stdout: {}", std::strerror(errno));
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

// --sid or dataDir/myid, if it is the id of one of the servers; otherwise what is wrong.
tl::expected<model::ServerId, std::string> own_id(const Options& options, const config::ZooCfg& cfg) {
  model::ServerId sid;
  if (options.sid) {
    sid = model::ServerId{*options.sid};
    const auto myid = cfg.data_dir && !options.votes_only ? node::read_myid(*cfg.data_dir) : sid;
    if (myid && *myid != sid) {
      return tl::unexpected(fmt::format("--sid: found {}, and {} in {}/myid; expected the same, or another dataDir",
                                        sid.value, myid->value, *cfg.data_dir));
    }
  } else {
    if (!cfg.data_dir) return tl::unexpected(cfg.file + ": found no dataDir; expected one with myid, or --sid");
    const auto myid = node::read_myid(*cfg.data_dir);
    if (!myid) return tl::unexpected(myid.error());
    sid = *myid;
  }
  if (cfg.configuration.find(sid) != nullptr) return sid;
  std::vector<std::int64_t> known;
  for (const config::ServerLine& server : cfg.servers) known.push_back(server.id.value);
  return tl::unexpected(fmt::format("{}: found no server.{}, which {} names; expected one of server.{}", cfg.file,
                                    sid.value, options.sid ? "--sid" : *cfg.data_dir + "/myid",
                                    fmt::join(known, ", server.")));
}

struct Wrong {
  std::string sentence;
  ExitCode code;
};

// The dataDir, for this process alone.
struct Folder {
  std::optional<node::FolderLock> lock;
  std::optional<node::DiskEpochFiles> files;

  std::optional<Wrong> take(const std::string& data_dir) {
    auto taken = node::FolderLock::take(data_dir);
    if (!taken) return Wrong{taken.error(), ExitCode::bad_input};
    lock = std::move(*taken);
    try {
      files.emplace(data_dir);
    } catch (const node::WriteFailed& failure) {
      return Wrong{failure.what(), ExitCode::aborted};
    }
    return std::nullopt;
  }
};

ExitCode run(const Options& options) {
  // stdout is for @state.
  spdlog::set_default_logger(spdlog::stderr_logger_mt("conclave"));
  spdlog::set_pattern("%Y-%m-%d %H:%M:%S,%e - %-5l %v");
  spdlog::set_level(spdlog::level::from_str(options.log));
  auto http = listen_addresses(options.http);
  if (!http) return refused(http.error(), ExitCode::wrong_use);
  auto cfg = config::read_zoo_cfg(options.file);
  if (!cfg) return refused(cfg.error().message(), ExitCode::bad_input);
  for (const std::string& note : cfg->notes) spdlog::warn("{}: {}", options.file, note);
  node::NodeSettings settings;
  settings.finalize_wait_ms = options.finalize_wait_ms;
  settings.empty_history = options.empty_history;
  const auto sid = own_id(options, *cfg);
  if (!sid) return refused(sid.error(), ExitCode::bad_input);
  settings.sid = *sid;
  if (const auto clash = status::client_address_clash(*cfg, *sid)) return refused(*clash, ExitCode::bad_input);
  if (cfg->data_dir) {
    const auto durable = node::read_durable(*cfg);
    if (!durable) return refused(durable.error(), ExitCode::bad_input);
    settings.durable = *durable;
  }
  if (cfg->quorum_sasl) return refused(node::sasl_refused(*cfg), ExitCode::bad_input);
  auto transport = program::transport_of(*cfg);
  if (!transport) return refused(transport.error(), ExitCode::bad_input);
  settings.transport = std::move(*transport);
  Folder folder;
  if (cfg->data_dir && !options.votes_only) {
    if (const auto wrong = folder.take(*cfg->data_dir)) return refused(wrong->sentence, wrong->code);
    if (settings.durable.accepted_epoch.value == 0) spdlog::info("No epoch in {}: begins with 0", *cfg->data_dir);
    settings.files = &*folder.files;
  }
  std::unique_ptr<record::Recorder> recorder;
  if (!options.record.empty()) {
    auto opened =
        record::Recorder::open(options.record, [](const std::string& sentence) { spdlog::error("{}", sentence); });
    if (!opened) return refused(opened.error(), ExitCode::not_written);
    recorder = std::move(*opened);
    settings.recorder = recorder.get();
  }
  settings.cfg = *cfg;
  spdlog::info("This node stores no data: it takes part in elections{}, and never has a copy of what clients write.",
               settings.files != nullptr ? " and epochs" : " only, without epochs, and so must all others");

  boost::asio::io_context io;
  const auto self =
      node::Node::make(io, settings, [sid = *sid](const node::NodeState& state) { print_state(sid, state); });
  status::StatusPorts ports(io, {*sid, std::move(*cfg), std::move(*http)}, [self] { return self->status(); });
  if (const auto bound = ports.listen(); !bound) return refused(bound.error(), ExitCode::aborted);
  print_state(*sid, self->state());
  if (const auto started = self->start(); !started) return refused(started.error(), ExitCode::aborted);
  boost::asio::signal_set signals(io, SIGINT, SIGTERM);
  signals.async_wait([&](boost::system::error_code, int) {
    self->stop();
    ports.stop();
    io.stop();
  });
  try {
    io.run();
  } catch (const node::WriteFailed& failure) {
    if (recorder) recorder->end(failure.what());
    return refused(failure.what(), ExitCode::aborted);
  }
  return ExitCode::done;
}

void declare(CLI::App& app, Options& options) {
  app.add_option("FILE", options.file, "the zoo.cfg that a ZooKeeper server would get")->required();
  app.add_option("--sid", options.sid, "this server's id (default: dataDir/myid)")->check(program::wrong_integer);
  app.add_option("--finalize-wait", options.finalize_wait_ms,
                 "milliseconds to wait for something better (default 200, ZooKeeper's)")
      ->check(CLI::Range(1, 60000));
  app.add_option("--http", options.http, "HOST:PORT for /metrics and /status; :PORT for all addresses; repeatable");
  app.add_option("--record", options.record, "append all that happens to this file, for `conclave trace`");
  app.add_flag("--votes-only", options.votes_only, "no quorum port, no epoch: only elections");
  app.add_flag("--empty-history", options.empty_history,
               "stand as a server whose history is empty, which may lead others that are empty");
  app.add_option("--log", options.log, "off, error, warn, info (default), debug")
      ->check(CLI::IsMember({"off", "error", "warn", "info", "debug"}));
}

}  // namespace

int main(int argc, char** argv) {
  program::arguments = argv;
  std::signal(SIGPIPE, SIG_IGN);  // who reads the log or @state may end; a voter does not
  return status_of(program::run_program(this_program, argc, argv, declare, run));
}
