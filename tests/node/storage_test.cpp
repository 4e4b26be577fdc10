// What a node finds on its disk, and what it refuses to start from.
#include "conclave/node/storage.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "conclave/node/epoch_files.hpp"

namespace conclave::node {
namespace {

class Storage : public testing::Test {
 protected:
  Storage() : folder_(std::filesystem::path(testing::TempDir()) / ("conclave-storage-" + unique())) {
    std::filesystem::create_directories(folder_ / "version-2");
  }
  ~Storage() override { std::filesystem::remove_all(folder_); }
  static std::string unique() {
    return std::string(testing::UnitTest::GetInstance()->current_test_info()->name()) +
           std::to_string(std::filesystem::hash_value(std::filesystem::current_path()));
  }
  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  void write_epochs(const std::string& accepted, const std::string& current) {
    write("version-2/acceptedEpoch", accepted);
    write("version-2/currentEpoch", current);
  }
  std::filesystem::path folder_;
};

TEST_F(Storage, Myid) {
  EXPECT_NE(read_myid(folder_).error().find("found no such file"), std::string::npos);
  write("myid", "12\n");
  EXPECT_EQ(read_myid(folder_).value(), model::ServerId{12});
  for (const char* wrong : {"", "\n", "x", "1 2", "1x", "99999999999999999999"}) {
    write("myid", wrong);
    EXPECT_FALSE(read_myid(folder_)) << wrong;
  }
}

TEST_F(Storage, AFreshDirectoryIsAFirstStart) { EXPECT_EQ(read_epochs(folder_).value(), model::Durable{}); }

TEST_F(Storage, EpochsAsZooKeeperWritesThem) {
  write_epochs("7", "6");
  const auto durable = read_epochs(folder_);
  ASSERT_TRUE(durable) << durable.error();
  EXPECT_EQ(durable->accepted_epoch, model::PeerEpoch{7});
  EXPECT_EQ(durable->current_epoch, model::PeerEpoch{6});
}

TEST_F(Storage, WhatIsWrittenIsRead) {
  {
    DiskEpochFiles files(folder_);
    EXPECT_EQ(read_epochs(folder_).value(), model::Durable{});
    files.write_accepted(model::PeerEpoch{7});
    files.write_current(model::PeerEpoch{6});
  }
  const DiskEpochFiles again(folder_);  // overwrites nothing
  EXPECT_EQ(read_epochs(folder_)->accepted_epoch, model::PeerEpoch{7});
  EXPECT_EQ(read_epochs(folder_)->current_epoch, model::PeerEpoch{6});
  std::filesystem::remove_all(folder_ / "version-2");
  std::ofstream(folder_ / "version-2") << "a file where a folder has to be";
  EXPECT_THROW(DiskEpochFiles{folder_}, WriteFailed);
  // What can't be read is not what is not there.
  EXPECT_NE(read_epochs(folder_).error().find("can't be read: Not a directory"), std::string::npos);
}

// A server that kept data, and was counted for it, must not come back as one without.
TEST_F(Storage, TheDataOfARealServerIsRefused) {
  config::ZooCfg cfg;
  cfg.data_dir = folder_.string();
  write_epochs("7", "6");
  EXPECT_EQ(read_durable(cfg)->current_epoch, model::PeerEpoch{6});
  write("version-2/snapshot.0", "");
  EXPECT_NE(read_durable(cfg).error().find("version-2/snapshot.0: found the data of a ZooKeeper server"),
            std::string::npos);
  std::filesystem::remove(folder_ / "version-2/snapshot.0");
  const auto logs = folder_ / "logs";
  std::filesystem::create_directories(logs / "version-2");
  cfg.data_log_dir = logs.string();
  EXPECT_TRUE(read_durable(cfg));
  std::ofstream(logs / "version-2/log.100000001") << "";
  EXPECT_NE(read_durable(cfg).error().find("logs/version-2/log.100000001"), std::string::npos);
}

TEST_F(Storage, ThereIsALastEpoch) {
  write_epochs("2147483647", "1");
  EXPECT_EQ(read_epochs(folder_)->accepted_epoch, model::PeerEpoch{epoch_last});
  DiskEpochFiles files(folder_);
  EXPECT_THROW(files.write_accepted(model::PeerEpoch{epoch_last + 1}), WriteFailed);
  EXPECT_EQ(read_epochs(folder_)->accepted_epoch, model::PeerEpoch{epoch_last});
}

// It would wait for somebody to write into it.
TEST_F(Storage, APipeIsNoFile) {
  write_epochs("1", "1");
  std::filesystem::remove(folder_ / "version-2/acceptedEpoch");
  ASSERT_EQ(::mkfifo((folder_ / "version-2/acceptedEpoch").c_str(), 0600), 0);
  EXPECT_NE(read_epochs(folder_).error().find("acceptedEpoch: can't be read"), std::string::npos);
}

TEST_F(Storage, NothingWrongIsTakenForZero) {
  const std::pair<const char*, const char*> wrong[] = {{"", "1"},           {"1", ""},     {"x", "1"},
                                                       {"1", "-1"},         {"1", "2"},    {"-1", "-1"},
                                                       {"2147483648", "1"}, {"1\n2", "1"}, {"0x1", "0"}};
  for (const auto& [accepted, current] : wrong) {
    write_epochs(accepted, current);
    EXPECT_FALSE(read_epochs(folder_)) << accepted << " " << current;
  }
  std::filesystem::remove(folder_ / "version-2/acceptedEpoch");
  write("version-2/currentEpoch", "1");
  EXPECT_NE(read_epochs(folder_).error().find("found currentEpoch without acceptedEpoch"), std::string::npos);
}

}  // namespace
}  // namespace conclave::node
