#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include "conclave/status/shown.hpp"

namespace conclave::status {
namespace {

std::string first_line(const char* path) {
  std::ifstream file(path);
  std::string text;
  std::getline(file, text);
  return text;
}

// Since 1970.
double boot_time_seconds() {
  std::ifstream file("/proc/stat");
  std::string word;
  while (file >> word) {
    double value = 0;
    if (word == "btime" && file >> value) return value;
  }
  return 0;
}

}  // namespace

// proc(5): /proc/self/stat, counted from 1; the second field is a name in parentheses that may hold anything.
ProcessFigures process_figures() {
  ProcessFigures figures;
  const std::string text = first_line("/proc/self/stat");
  const std::size_t name_end = text.rfind(')');
  const auto ticks_per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
  if (name_end != std::string::npos && ticks_per_second > 0) {
    std::istringstream rest(text.substr(name_end + 1));
    const std::vector<std::string> fields{std::istream_iterator<std::string>(rest), {}};  // the first is number 3
    constexpr std::size_t first = 3;
    constexpr std::size_t user_time = 14 - first;
    constexpr std::size_t system_time = 15 - first;
    constexpr std::size_t start_time = 22 - first;
    constexpr std::size_t virtual_size = 23 - first;
    constexpr std::size_t resident_pages = 24 - first;
    if (fields.size() > resident_pages) {
      figures.cpu_seconds = (std::stod(fields[user_time]) + std::stod(fields[system_time])) / ticks_per_second;
      figures.virtual_bytes = std::stoull(fields[virtual_size]);
      figures.resident_bytes = std::stoull(fields[resident_pages]) * static_cast<std::uint64_t>(::getpagesize());
      figures.start_time_seconds = boot_time_seconds() + std::stod(fields[start_time]) / ticks_per_second;
    }
  }
  std::error_code error;
  const std::filesystem::directory_iterator descriptors("/proc/self/fd", error);
  // Looking itself takes one.
  if (!error) figures.open_descriptors = static_cast<std::uint64_t>(std::distance(begin(descriptors), {})) - 1;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) figures.descriptors_max = limit.rlim_cur;
  return figures;
}

}  // namespace conclave::status
