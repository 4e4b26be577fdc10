// kill -9 at every call by which a node writes its epochs, and a failure of each. Whatever it has promised to others by
// then is on its disk, and it starts again from there.
//
// The other server of the two that run is in this process. What it has taken from the node, it could only have got
// after the node's own write, so its (never failing) files say what was promised on the wire.
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "../node/ensemble.hpp"
#include "conclave/node/epoch_files.hpp"
#include "conclave/node/storage.hpp"

namespace conclave::node {
namespace {

constexpr int aborted = 3;

// A child process; killed with its owner.
class Child {
 public:
  explicit Child(const std::vector<std::string>& command, const std::string& errors) {
    std::vector<char*> arguments;
    for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions{};
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errors.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    // Else it would keep the sockets of the node here open.
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    if (::posix_spawn(&id_, arguments[0], &actions, nullptr, arguments.data(), environ) != 0) id_ = 0;
    posix_spawn_file_actions_destroy(&actions);
  }
  ~Child() { end(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  [[nodiscard]] bool over() {
    if (id_ != 0 && ::waitpid(id_, &status_, WNOHANG) == id_) id_ = 0;
    return id_ == 0;
  }
  void end() {
    if (over()) return;
    ::kill(id_, SIGKILL);
    ::waitpid(id_, &status_, 0);
    id_ = 0;
  }
  [[nodiscard]] bool killed() const { return WIFSIGNALED(status_) && WTERMSIG(status_) == SIGKILL; }
  [[nodiscard]] int exit_code() const { return WIFEXITED(status_) ? WEXITSTATUS(status_) : -1; }

 private:
  pid_t id_ = 0;
  int status_ = 0;
};

class KilledAtEachWrite : public Ensemble {
 protected:
  KilledAtEachWrite()
      : folder_(std::filesystem::path(testing::TempDir()) /
                ("conclave-killed-" + std::to_string(::getpid()) + "-" +
                 testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::create_directories(folder_);
  }
  ~KilledAtEachWrite() override { std::filesystem::remove_all(folder_); }

  struct Pair {
    int self;               // the node on a disk
    int other;              // the one here
    std::string self_has;   // "empty": a history, as a new ZooKeeper server; "none": it keeps none
    std::string other_has;  // likewise
  };
  // `faults(n)`: what is done to the node at call n. It has to be done at each call before the epoch is established;
  // `judge` sees how the node has ended.
  void run(const Pair& pair, const std::function<std::vector<std::string>(int)>& faults,
           const std::function<void(Child&, const std::string& said)>& judge) {
    const int self = pair.self;
    const int other = pair.other;
    // Both epochs are written at start, and each when it changes. Of no history there is no new current epoch.
    const int calls_min = 5 * (pair.other_has == "empty" ? 4 : 3);
    configure(3);
    std::ofstream(folder_ / "zoo.cfg") << text_;
    start(other, pair.other_has == "empty");
    for (int number = 1;; ++number) {
      SCOPED_TRACE("at call " + std::to_string(number));
      std::vector<std::string> command{FAULTY_NODE, (folder_ / "zoo.cfg").string(), std::to_string(self),
                                       folder_.string(), pair.self_has};
      for (const std::string& word : faults(number)) command.push_back(word);
      Child child(command, (folder_ / "errors").string());
      ASSERT_TRUE(until([&] { return child.over() || node(other).state().established; }));
      if (!child.over()) {
        // There was no such call any more: everything is written and said.
        EXPECT_GT(number, calls_min) << "the calls were not counted";
        child.end();
        return look(self, other);
      }
      std::stringstream said;
      said << std::ifstream(folder_ / "errors").rdbuf();
      judge(child, said.str());
      look(self, other);
      if (HasFatalFailure()) return;
      // Until it knows that the connection is gone, the one here may still think that an epoch is established.
      ASSERT_TRUE(until([&] { return !node(other).state().established; }));
    }
  }

 private:
  // Is everything that was promised on the disk?
  void look(int self, int other) {
    const auto found = read_epochs(folder_.string());
    ASSERT_TRUE(found) << found.error();
    const model::Durable& there = servers_.at(other).files.durable;
    if (self > other) {
      // It leads: LEADERINFO and NEWLEADER have been taken.
      EXPECT_GE(found->accepted_epoch.value, there.accepted_epoch.value);
      EXPECT_GE(found->current_epoch.value, there.current_epoch.value);
    } else {
      // It follows: the leader goes on to NEWLEADER only with its ACKEPOCH, and is established with its ACK.
      EXPECT_GE(found->accepted_epoch.value, there.current_epoch.value);
      EXPECT_GE(found->current_epoch.value, last_epoch());
      EXPECT_LE(found->accepted_epoch.value, there.accepted_epoch.value);
    }
  }

  std::filesystem::path folder_;
};

std::vector<std::string> kill_at(int number) { return {"kill", std::to_string(number)}; }
void was_killed(Child& child, const std::string& said) {
  ASSERT_TRUE(child.killed()) << "exit code " << child.exit_code() << ": " << said;
}

TEST_F(KilledAtEachWrite, ALeader) { run({3, 1, "empty", "empty"}, kill_at, was_killed); }
TEST_F(KilledAtEachWrite, AFollower) { run({1, 3, "empty", "empty"}, kill_at, was_killed); }
TEST_F(KilledAtEachWrite, ALeaderWithoutHistory) { run({3, 1, "none", "none"}, kill_at, was_killed); }
TEST_F(KilledAtEachWrite, AFollowerThatVouches) { run({1, 3, "none", "empty"}, kill_at, was_killed); }

// One reason at each call; the next call has the next.
std::vector<std::string> fail_at(int number) {
  constexpr int reasons[] = {EIO, ENOSPC, EROFS};
  return {"fail", std::to_string(number), std::to_string(reasons[number % 3])};
}
void has_said_why(Child& child, const std::string& said) {
  ASSERT_EQ(child.exit_code(), aborted) << said;
  EXPECT_NE(said.find(": can't be "), std::string::npos) << said;
  EXPECT_EQ(said.find("/"), 0U) << "which file? " << said;
}

TEST_F(KilledAtEachWrite, ALeaderWhoseDiskFails) { run({3, 1, "empty", "empty"}, fail_at, has_said_why); }
TEST_F(KilledAtEachWrite, AFollowerWhoseDiskFails) { run({1, 3, "empty", "empty"}, fail_at, has_said_why); }
TEST_F(KilledAtEachWrite, AFollowerThatVouchesWhoseDiskFails) { run({1, 3, "none", "empty"}, fail_at, has_said_why); }

}  // namespace
}  // namespace conclave::node
