// The model's values as JSON, both ways, from one list of fields for each type.
#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "conclave/model/fixed_vector.hpp"
#include "conclave/model/types.hpp"

namespace conclave::record {

using Json = nlohmann::ordered_json;

// What was found at some place, and what should have been.
struct WrongValue {
  std::string path;
  std::string found;
  std::string expected;
};

[[nodiscard]] std::string brief(const Json& json);  // its text, cut where it is long
[[noreturn]] inline void wrong(const std::string& path, const Json& found, std::string expected) {
  throw WrongValue{path, brief(found), std::move(expected)};
}

// Names<Enumeration>::all: of its values, in order. Names<Variant>::all: of its alternatives, in order.
template <class T>
struct Names;

// For each type there is a describe(archive, value), which calls archive("name", member) for each member. It binds the
// members by their number, so that one that is added to a type and forgotten here does not compile.

class JsonWriter {
 public:
  explicit JsonWriter(Json& out) : out_(out) {}
  template <class T>
  void operator()(const char* name, const T& value);

 private:
  Json& out_;
};

// Each field has to be there, and in the end no other.
class JsonReader {
 public:
  JsonReader(const Json& in, std::string path) : in_(in), path_(std::move(path)) {
    if (!in.is_object()) wrong(path_, in, "an object");
  }
  template <class T>
  void operator()(const char* name, T& value);
  void has_no_more() const {
    for (const auto& [name, value] : in_.items()) {
      if (std::find(known_.begin(), known_.end(), name) == known_.end()) {
        throw WrongValue{path_, "'" + name + "'", "no such field"};
      }
    }
  }
  // For fields that do not belong to the type.
  void knows(const char* name) { known_.emplace_back(name); }

 private:
  const Json& in_;
  std::string path_;
  std::vector<std::string> known_;
};

// --- kinds of types -------------------------------------------------------------------------------------------------

template <class T>
struct IsNumber : std::false_type {};
template <class Meaning>
struct IsNumber<model::Number<Meaning>> : std::true_type {};
template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <class T>
struct IsVariant : std::false_type {};
template <class... T>
struct IsVariant<std::variant<T...>> : std::true_type {};
template <class T>
struct IsList : std::false_type {};
template <class T, std::size_t Capacity>
struct IsList<model::FixedVector<T, Capacity>> : std::true_type {};

template <class T>
Json encode(const T& value);
template <class T>
T decode(const Json& json, const std::string& path);

// A zxid as ZooKeeper's logs have it: both halves can be seen.
[[nodiscard]] std::string zxid_to_text(model::Zxid zxid);
[[nodiscard]] std::optional<model::Zxid> zxid_from_text(std::string_view text);

// --- out ------------------------------------------------------------------------------------------------------------

template <class T>
Json encode(const T& value) {
  if constexpr (std::is_same_v<T, model::Zxid>) {
    return zxid_to_text(value);
  } else if constexpr (IsNumber<T>::value) {
    return value.value;
  } else if constexpr (std::is_enum_v<T>) {
    return std::string(Names<T>::all.at(static_cast<std::size_t>(value)));
  } else if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, std::string>) {
    return value;
  } else if constexpr (IsOptional<T>::value) {
    return value ? encode(*value) : Json(nullptr);
  } else if constexpr (IsList<T>::value) {
    Json list = Json::array();
    for (const auto& item : value) list.push_back(encode(item));
    return list;
  } else if constexpr (IsVariant<T>::value) {
    Json json = {{"type", Names<T>::all.at(value.index())}};
    JsonWriter writer(json);
    std::visit([&](auto alternative) { describe(writer, alternative); }, value);
    return json;
  } else {
    Json json = Json::object();
    JsonWriter writer(json);
    T copy = value;
    describe(writer, copy);
    return json;
  }
}

template <class T>
void JsonWriter::operator()(const char* name, const T& value) {
  out_[name] = encode(value);
}

// --- in -------------------------------------------------------------------------------------------------------------

template <class T>
T decode_integer(const Json& json, const std::string& path) {
  const std::string range = "an integer from " + std::to_string(std::numeric_limits<T>::min()) + " to " +
                            std::to_string(std::numeric_limits<T>::max());
  if (json.is_number_unsigned()) {
    const auto number = json.get<std::uint64_t>();
    if (number > static_cast<std::uint64_t>(std::numeric_limits<T>::max())) wrong(path, json, range);
    return static_cast<T>(number);
  }
  if (!json.is_number_integer()) wrong(path, json, range);
  const auto number = json.get<std::int64_t>();
  if (std::is_unsigned_v<T> || number < static_cast<std::int64_t>(std::numeric_limits<T>::min())) {
    wrong(path, json, range);
  }
  return static_cast<T>(number);
}

template <class All>
std::string one_of(const All& names) {
  std::string text = "one of";
  for (const std::string_view name : names) text += " " + std::string(name);
  return text;
}

template <class All>
std::size_t decode_name(const Json& json, const std::string& path, const All& names) {
  if (json.is_string()) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (names[i] == json.get_ref<const std::string&>()) return i;
    }
  }
  wrong(path, json, one_of(names));
}

template <class Variant, std::size_t Index = 0>
Variant decode_alternative(std::size_t index, JsonReader& reader) {
  if constexpr (Index == std::variant_size_v<Variant>) {
    std::abort();  // there is a name for each alternative, and no more
  } else {
    if (index != Index) return decode_alternative<Variant, Index + 1>(index, reader);
    std::variant_alternative_t<Index, Variant> alternative{};
    describe(reader, alternative);
    return Variant(std::in_place_index<Index>, alternative);
  }
}

template <class List>
List decode_list(const Json& json, const std::string& path) {
  if (!json.is_array()) wrong(path, json, "a list");
  List list;
  if (json.size() > List::capacity()) wrong(path, json, "at most " + std::to_string(List::capacity()) + " items");
  for (std::size_t i = 0; i < json.size(); ++i) {
    list.push_back(decode<typename List::value_type>(json[i], path + "[" + std::to_string(i) + "]"));
  }
  return list;
}

template <class T>
T decode(const Json& json, const std::string& path) {
  if constexpr (std::is_same_v<T, model::Zxid>) {
    const auto zxid = json.is_string() ? zxid_from_text(json.get_ref<const std::string&>()) : std::nullopt;
    if (!zxid) wrong(path, json, "a zxid like \"0x200000005\"");
    return *zxid;
  } else if constexpr (IsNumber<T>::value) {
    return T{decode_integer<std::int64_t>(json, path)};
  } else if constexpr (std::is_enum_v<T>) {
    return static_cast<T>(decode_name(json, path, Names<T>::all));
  } else if constexpr (std::is_same_v<T, bool>) {
    if (!json.is_boolean()) wrong(path, json, "true or false");
    return json.get<bool>();
  } else if constexpr (std::is_integral_v<T>) {
    return decode_integer<T>(json, path);
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (!json.is_string()) wrong(path, json, "a text");
    return json.get<std::string>();
  } else if constexpr (IsOptional<T>::value) {
    if (json.is_null()) return std::nullopt;
    return decode<typename T::value_type>(json, path);
  } else if constexpr (IsList<T>::value) {
    return decode_list<T>(json, path);
  } else if constexpr (IsVariant<T>::value) {
    static_assert(Names<T>::all.size() == std::variant_size_v<T>);
    JsonReader reader(json, path);
    if (!json.contains("type")) wrong(path, json, "a field 'type'");
    const std::size_t index = decode_name(json["type"], path + ".type", Names<T>::all);
    reader.knows("type");
    T value = decode_alternative<T>(index, reader);
    reader.has_no_more();
    return value;
  } else {
    JsonReader reader(json, path);
    T value{};
    describe(reader, value);
    reader.has_no_more();
    return value;
  }
}

template <class T>
void JsonReader::operator()(const char* name, T& value) {
  if (!in_.contains(name)) wrong(path_, in_, std::string("a field '") + name + "'");
  known_.emplace_back(name);
  value = decode<T>(in_[name], path_.empty() ? name : path_ + "." + name);
}

}  // namespace conclave::record
