// What the parts of a run's page share.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "conclave/check/diagram.hpp"

namespace conclave::check {

// Up to so many lanes leave room beside them for the steps in words.
inline constexpr std::size_t lanes_few = 5;

// As text or as a quoted attribute of an HTML document in UTF-8: markup is taken as text, and bytes that are no
// UTF-8, or characters that no document may have, are replaced by U+FFFD.
std::string html_text(std::string_view text);

// The diagram itself, one SVG element.
std::string picture_html(const Diagram& diagram);
std::size_t picture_height_px(const Diagram& diagram);
// A piece of a server's line, for the key.
std::string stroke_html(Stroke stroke);

}  // namespace conclave::check
