// Text from a file of somebody else, before it is shown.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace conclave::check {

// Length of the UTF-8 sequence at the front of the text; 0 if there is none, or if it stands for something that neither
// a terminal nor HTML should get. REQUIRES: the text is not empty.
[[nodiscard]] std::size_t sequence_length(std::string_view text);

// Such bytes as \xNN.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace conclave::check
