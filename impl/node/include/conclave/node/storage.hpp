// What a server finds in its dataDir: who it is, and which epochs it has accepted and served.
#pragma once

#include <string>
#include <tl/expected.hpp>

#include "conclave/config/zoo_cfg.hpp"
#include "conclave/model/peer.hpp"
#include "conclave/model/types.hpp"
#include "conclave/node/file_system.hpp"

namespace conclave::node {

// QuorumPeerConfig: DIR/myid, a number and nothing else. The error names the file, what was found and what expected.
[[nodiscard]] tl::expected<model::ServerId, std::string> read_myid(const std::string& data_dir);

// QuorumPeer.loadDataBase: DIR/version-2/acceptedEpoch and currentEpoch. A directory without either is that of a server
// that has never accepted an epoch. One file without the other, an empty or a nonsensical one, one that can't be read,
// or an accepted epoch below the current one is an error, never an epoch of 0.
[[nodiscard]] tl::expected<model::Durable, std::string> read_epochs(const std::string& data_dir,
                                                                    FileSystem& files = operating_system());

// What a server begins with: the epochs in dataDir, by read_epochs(). A ZooKeeper server's snapshots or transactions,
// in dataDir or dataLogDir, are an error: whoever had a history must not go on as one without, for what only it had
// been counted for would be lost. REQUIRES: the configuration has a dataDir.
[[nodiscard]] tl::expected<model::Durable, std::string> read_durable(const config::ZooCfg& cfg,
                                                                     FileSystem& files = operating_system());

}  // namespace conclave::node
