// A node that is killed, or whose disk fails, at one of the calls by which it writes epochs.
//
// usage: faulty_node ZOO_CFG SID DATA_DIR empty|none kill N | fail N ERRNO
//
// Its history is empty, as a ZooKeeper server's that is new, or it keeps none.
// N counts the calls from 1. Otherwise it is a node like any other, and ends as conclave-node does.
#include <spdlog/sinks/null_sink.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "conclave/node/epoch_files.hpp"
#include "conclave/node/node.hpp"
#include "conclave/node/storage.hpp"
#include "faulty_files.hpp"

namespace {

using namespace conclave;

constexpr int aborted = 3;
constexpr int wrong_use = 5;

int refused(const std::string& sentence, int code) {
  std::fprintf(stderr, "%s\n", sentence.c_str());
  return code;
}

int run(const std::vector<std::string>& arguments) {
  const int last = std::atoi(arguments[5].c_str());
  const int error = arguments[4] == "fail" ? std::atoi(arguments[6].c_str()) : 0;
  node::FaultyFiles faulty(node::operating_system(), [&](int number, node::FileCall) -> std::error_code {
    if (number != last) return {};
    if (error == 0) ::kill(::getpid(), SIGKILL);
    return {error, std::generic_category()};
  });
  auto cfg = config::read_zoo_cfg(arguments[0]);
  if (!cfg) return refused(cfg.error().message(), wrong_use);
  const auto durable = node::read_epochs(arguments[2]);
  if (!durable) return refused(durable.error(), wrong_use);
  node::NodeSettings settings;
  settings.cfg = *cfg;
  settings.sid = model::ServerId{std::atoll(arguments[1].c_str())};
  settings.durable = *durable;
  settings.empty_history = arguments[3] == "empty";
  settings.finalize_wait_ms = 50;
  try {
    node::DiskEpochFiles files(arguments[2], faulty);
    settings.files = &files;
    boost::asio::io_context io;
    const auto self = node::Node::make(io, settings, [](const node::NodeState&) {});
    if (const auto started = self->start(); !started) return refused(started.error(), wrong_use);
    io.run();
  } catch (const node::WriteFailed& failure) {
    return refused(failure.what(), aborted);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // no longer than the test
  spdlog::set_default_logger(spdlog::null_logger_mt("conclave"));
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() < 6 || (arguments[4] == "fail" && arguments.size() < 7)) return wrong_use;
  return run(arguments);
}
