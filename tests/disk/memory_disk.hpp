// A file system in memory that can lose its power: what is on the disk afterwards is any of what POSIX allows.
//
// A file's bytes are there for certain once the file was synced, a name once its folder was. Of what was done since,
// each change of a folder may be on the disk or not, independently of the others; and of a file's new bytes there may
// be none, some from the front, all, or as many zeros.
#pragma once

#include <compare>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "conclave/node/file_system.hpp"

namespace conclave::node {

// A file or a folder with all that is in it, as a value.
struct Tree {
  bool folder = true;
  std::string text;
  std::map<std::string, Tree> entries;

  friend std::strong_ordering operator<=>(const Tree& left, const Tree& right) {
    if (const auto order = left.folder <=> right.folder; order != 0) return order;
    if (const auto order = left.text <=> right.text; order != 0) return order;
    return left.entries <=> right.entries;
  }
  friend bool operator==(const Tree& left, const Tree& right) { return (left <=> right) == 0; }
};

// Paths are absolute, folders with a slash between them. Not thread-safe.
class MemoryDisk : public FileSystem {
 public:
  explicit MemoryDisk(const Tree& found = {}) : root_(node_of(found)) {}

  // Everything that may be there once the power is back.
  [[nodiscard]] std::set<Tree> after_power_loss() const { return outcomes(*root_); }

  Result<std::optional<std::string>> read(const std::string& path, std::size_t bytes_max) override {
    const auto node = find(path);
    if (!node) return std::nullopt;
    if (node->folder) return tl::unexpected(error(std::errc::is_a_directory));
    return node->text.substr(0, bytes_max);
  }
  Result<bool> exists(const std::string& path) override { return find(path) != nullptr; }
  std::error_code make_folder(const std::string& path) override {
    if (find(path)) return error(std::errc::file_exists);
    return enter(path, std::make_shared<Node>());
  }
  Result<int> create(const std::string& path) override {
    auto node = find(path);
    if (!node) {
      node = std::make_shared<Node>();
      node->folder = false;
      if (const auto wrong = enter(path, node)) return tl::unexpected(wrong);
    }
    node->text.clear();
    return opened(node);
  }
  Result<int> open_folder(const std::string& path) override {
    const auto node = find(path);
    if (!node) return tl::unexpected(error(std::errc::no_such_file_or_directory));
    return opened(node);
  }
  Result<std::size_t> write(int file, std::string_view text) override {
    const std::string_view part = text.substr(0, write_bytes_max);
    open_.at(file)->text += part;
    return part.size();
  }
  std::error_code sync(int file) override {
    Node& node = *open_.at(file);
    node.durable_text = node.text;
    node.durable_entries = node.entries;
    node.changes.clear();
    return {};
  }
  std::error_code rename(const std::string& from, const std::string& to) override {
    const auto node = find(from);
    const auto folder = find(folder_of(from));
    if (!node || folder_of(to) != folder_of(from)) return error(std::errc::no_such_file_or_directory);
    folder->change({name_of(from), name_of(to), node});
    return {};
  }
  void close(int file) override { open_.erase(file); }

  std::size_t write_bytes_max = 2;  // more than that is taken in several calls

 private:
  struct Node;
  using NodePtr = std::shared_ptr<Node>;
  // `node` is found under the name `added`, and nothing under `removed` any more.
  struct Change {
    std::string removed;
    std::string added;
    NodePtr node;
  };
  struct Node {
    bool folder = true;
    std::string text;
    std::string durable_text;
    std::map<std::string, NodePtr> entries;
    std::map<std::string, NodePtr> durable_entries;
    std::vector<Change> changes;  // since the folder was synced

    void change(const Change& made) {
      apply(made, entries);
      changes.push_back(made);
    }
  };

  static std::error_code error(std::errc code) { return std::make_error_code(code); }
  static std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }
  static std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }
  static void apply(const Change& made, std::map<std::string, NodePtr>& entries) {
    entries.erase(made.removed);
    entries[made.added] = made.node;
  }
  static NodePtr node_of(const Tree& tree) {
    const auto node = std::make_shared<Node>();
    node->folder = tree.folder;
    node->text = node->durable_text = tree.text;
    for (const auto& [name, entry] : tree.entries) node->entries[name] = node_of(entry);
    node->durable_entries = node->entries;
    return node;
  }
  [[nodiscard]] NodePtr find(const std::string& path) const {
    if (path.empty() || path == "/") return root_;
    const NodePtr folder = find(folder_of(path));
    if (!folder || !folder->folder) return nullptr;
    const auto place = folder->entries.find(name_of(path));
    return place == folder->entries.end() ? nullptr : place->second;
  }
  std::error_code enter(const std::string& path, const NodePtr& node) {
    const NodePtr folder = find(folder_of(path));
    if (!folder) return error(std::errc::no_such_file_or_directory);
    folder->change({"", name_of(path), node});
    return {};
  }
  int opened(const NodePtr& node) {
    open_[next_] = node;
    return next_++;
  }

  static std::set<Tree> outcomes(const Node& node) {
    std::set<Tree> trees;
    if (!node.folder) {
      trees.insert({false, node.durable_text, {}});
      if (node.text == node.durable_text) return trees;
      for (std::size_t size = 0; size <= node.text.size(); ++size)
        trees.insert({false, node.text.substr(0, size), {}});
      trees.insert({false, std::string(node.text.size(), '\0'), {}});
      return trees;
    }
    for (std::size_t chosen = 0; chosen < std::size_t{1} << node.changes.size(); ++chosen) {
      auto entries = node.durable_entries;
      for (std::size_t i = 0; i < node.changes.size(); ++i) {
        if ((chosen >> i & 1U) != 0) apply(node.changes[i], entries);
      }
      std::set<Tree> folders{{}};
      for (const auto& [name, entry] : entries) {
        std::set<Tree> longer;
        for (const Tree& folder : folders) {
          for (const Tree& outcome : outcomes(*entry)) {
            Tree with = folder;
            with.entries[name] = outcome;
            longer.insert(with);
          }
        }
        folders = longer;
      }
      trees.insert(folders.begin(), folders.end());
    }
    return trees;
  }

  NodePtr root_;
  std::map<int, NodePtr> open_;
  int next_ = 3;
};

}  // namespace conclave::node
