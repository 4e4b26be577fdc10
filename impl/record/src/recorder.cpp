#include "conclave/record/recorder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "conclave/record/replay.hpp"
#include "lines.hpp"

namespace conclave::record {

struct Recorder::Inside {
  Inside(std::string where, Complain complaint) : path(std::move(where)), complain(std::move(complaint)) {}
  ~Inside() {
    if (file >= 0) ::close(file);
  }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

  std::string path;
  Complain complain;
  int file = -1;
  std::uint64_t number = 0;  // of the next line in this run
  std::chrono::steady_clock::time_point began;
  States states;

  void write(const char* kind, const Json& fields);
  void write(std::string_view text);
  void check_durable(const model::Peer& before);
};

tl::expected<std::unique_ptr<Recorder>, std::string> Recorder::open(const std::string& path, Complain complain) {
  auto inside = std::make_unique<Inside>(path, std::move(complain));
  const auto failed = [&](const char* what) {
    return tl::unexpected(path + ": can't " + what + ": " + std::strerror(errno));
  };
  inside->file = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (inside->file < 0) return failed("be opened for a recording");
  if (::flock(inside->file, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    return tl::unexpected(path + ": found it in use by another node; expected a file of its own");
  }
  std::array<char, beginning_bytes> beginning{};
  const ssize_t count = ::pread(inside->file, beginning.data(), beginning.size(), 0);
  // Nothing can be read from a pipe, and what is written to one is a recording all the same.
  if (count < 0 && errno != ESPIPE) return failed("be read");
  if (count > 0) {
    if (content_of({beginning.data(), static_cast<std::size_t>(count)}) != Content::recording) {
      return tl::unexpected(path + ": found a file that is no recording; expected one to append to, or none");
    }
    // Whoever wrote it last may have been killed inside a line.
    char last = '\n';
    const off_t size = ::lseek(inside->file, 0, SEEK_END);
    if (size <= 0 || ::pread(inside->file, &last, 1, size - 1) != 1) return failed("be read");
    if (last != '\n') inside->write("\n");
  }
  return std::unique_ptr<Recorder>(new Recorder(std::move(inside)));
}

Recorder::Recorder(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}
Recorder::~Recorder() = default;

void Recorder::Inside::write(std::string_view text) {
  while (file >= 0 && !text.empty()) {
    const ssize_t count = ::write(file, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const std::string why = std::strerror(errno);
      ::close(std::exchange(file, -1));
      if (complain) complain(path + ": can't be written: " + why + "; the recording ends here");
      return;
    }
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

void Recorder::Inside::write(const char* kind, const Json& fields) {
  if (file < 0) return;
  Json line = {{"kind", kind}};
  if (number > 0) {
    const auto elapsed = std::chrono::steady_clock::now() - began;
    line["n"] = number;
    line["us"] = std::chrono::duration_cast<std::chrono::microseconds>(elapsed).count();
  }
  ++number;
  line.update(fields);
  write(line.dump() + "\n");
}

void Recorder::begin(RunStart start) {
  Inside& in = *inside_;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  start.unix_us = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
  in.began = std::chrono::steady_clock::now();
  in.number = 0;
  in.states = States{};
  in.write("run", run_fields(start));
}

void Recorder::configuration(const model::Configuration& configuration) {
  inside_->write("configuration", Json{{"configuration", encode_configuration(configuration)}});
}

// The one thing of the election that changes outside of it: which epochs are on the disk.
void Recorder::Inside::check_durable(const model::Peer& before) {
  Json durable = encode_durable(before.durable);
  if (!states.election.contains("durable") || states.election["durable"] == durable) return;
  write("durable", Json{{"durable", durable}});
  states.election["durable"] = std::move(durable);
}

void Recorder::election(const model::Peer& before, const model::Event& event, const model::Transition& made) {
  if (inside_->file < 0) return;
  inside_->check_durable(before);
  inside_->write("election", election_fields(event, made, inside_->states));
}

void Recorder::epoch(const model::EpochEvent& event, const model::EpochTransition& made) {
  if (inside_->file < 0) return;
  inside_->write("epoch", epoch_fields(event, made, inside_->states));
}

void Recorder::end(std::string_view why) { inside_->write("end", Json{{"why", std::string(why)}}); }

}  // namespace conclave::record
