// Files that are there whole or not at all.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace conclave::check {

// Writes the content beside `path` under another name, brings it to the disk, and puts it in the place of what was
// there. Whatever fails, what was there stays and nothing else is left behind. A symbolic link stays one: the file
// that it leads to is replaced. What is there and is no regular file (a pipe, a terminal, /dev/null) is written to
// as it is. Gives what went wrong, as "PATH: reason"; nothing if the file is written.
std::optional<std::string> write_whole(const std::string& path, std::string_view content);

// Where a symbolic link leads, or the path itself.
std::string resolved(const std::string& path);
// Is something there that is no regular file, such as a pipe or a device?
bool is_no_regular_file(const std::string& path);

// Why write_whole() would fail, as far as that can be seen without writing: asked before a long exploration.
std::optional<std::string> why_not_writable(const std::string& path);

// The same of a file that an option names, which must not be one of those that are read. `which`: what it then is, as
// "is one of the logs". Gives what is wrong, in a sentence that begins with the option.
std::optional<std::string> wrong_with_output(const std::string& option, const std::string& path,
                                             const std::vector<std::string>& inputs, const std::string& which);

}  // namespace conclave::check
