// One of several processes of which one leads and works; when it dies, another one does.
//
//     elect ID FOLDER QUORUM_PORT:ELECTION_PORT...      the ports of server 1, 2, and so on, all on this machine
//
// FOLDER/ID keeps this server's promises. The work is to add lines to FOLDER/work, which refuses an epoch below the
// last one in it: whoever has lost the lead and does not know it yet can't do harm there.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <conclave/node.hpp>
#include <cstdio>
#include <cstdlib>
#include <string>

using namespace std::chrono_literals;

static bool write_fenced(const std::string& path, long long epoch, const std::string& line) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  ::flock(file, LOCK_EX);  // until it is closed
  char last[64] = {};
  const off_t size = ::lseek(file, 0, SEEK_END);
  const ssize_t read = ::pread(file, last, sizeof last - 1, size > 32 ? size - 32 : 0);
  const std::string tail(last, read > 1 ? static_cast<std::size_t>(read) - 1 : 0);  // without its newline
  const bool allowed = epoch >= std::atoll(tail.substr(tail.rfind('\n') + 1).c_str());
  const bool written = allowed && ::write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  ::close(file);
  return written;
}

static int complain(const std::string& what) {
  std::fprintf(stderr, "elect: %s\n", what.c_str());
  return 1;
}

int main(int argc, char** argv) {
  if (argc < 4) return complain("expected ID FOLDER QUORUM_PORT:ELECTION_PORT...");
  const std::string folder = argv[2];
  conclave::NodeServers ensemble{{}, folder + "/" + argv[1], 200ms};
  for (int i = 3; i < argc; ++i) {
    const std::string ports = argv[i];
    const auto port = [](const std::string& text) { return static_cast<std::uint16_t>(std::atoi(text.c_str())); };
    ensemble.servers.push_back({{i - 2}, "127.0.0.1", port(ports), port(ports.substr(ports.find(':') + 1))});
  }
  auto node = conclave::Node::from_servers(ensemble, {.sid = conclave::model::ServerId{std::atoll(argv[1])}});
  if (!node) return complain(node.error().message);
  if (const auto begun = node->start(); !begun) return complain(begun.error().message);
  while (node->running()) {
    if (const auto change = node->next_change(50ms)) {
      const auto& [state, leader, epoch, established, round] = change->state;
      if (established) std::printf("server %ld leads in epoch %ld\n", long{leader.value}, long{epoch.value});
      if (!established) std::printf("%s\n", name_of(state).data());
      std::fflush(stdout);
    }
    const auto epoch = node->leading();
    if (epoch) write_fenced(folder + "/work", epoch->value, std::to_string(epoch->value) + " " + argv[1] + "\n");
  }
  return complain(node->failure() ? node->failure()->message : "stopped");
}
