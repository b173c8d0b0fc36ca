#include "stack_table.h"

#include "hash.h"

namespace mprof {

namespace {

constexpr uint64_t kAddressMask = (uint64_t{1} << 48) - 2;  // 48 bits, even

// FNV-1a, which reads bytes and so gives the same hash on every machine.
uint64_t HashText(uint64_t hash, std::string_view text) {
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3u;
  }
  return hash;
}

uint64_t FrameAddress(std::string_view name, std::string_view file,
                      const Position& position) {
  uint64_t hash = HashText(0xcbf29ce484222325u, name);
  hash = Combine64(hash, name.size());
  hash = HashText(hash, file);
  hash = Combine64(hash, position.line);
  hash = Combine64(hash, position.column);
  hash = Combine64(hash, position.start_line);
  if (position.start_column != 0) hash = Combine64(hash, position.start_column);
  const uint64_t address = hash & kAddressMask;
  return address == 0 ? 2 : address;
}

size_t HashOfText(std::string_view text) {
  return static_cast<size_t>(Mix64(HashText(0xcbf29ce484222325u, text)));
}

// At most kMaxStringLength bytes, without half a character at the end.
std::string_view Cut(std::string_view text) {
  if (text.size() <= StackTable::kMaxStringLength) return text;
  size_t length = StackTable::kMaxStringLength;
  while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xc0) == 0x80) {
    length--;
  }
  return text.substr(0, length);
}

}  // namespace

size_t StackTable::HashOf(const FrameKey& key) {
  const uint64_t names = (uint64_t{key.name} << 32) | key.file;
  const Position& position = key.position;
  const uint64_t place = (uint64_t{position.line} << 32) | position.column;
  const uint64_t start = (uint64_t{position.start_line} << 32) | position.start_column;
  return static_cast<size_t>(Combine64(Combine64(Mix64(names), place), start));
}

size_t StackTable::HashOf(const Node& node) {
  return static_cast<size_t>(Mix64((uint64_t{node.caller} << 32) | node.frame));
}

StackTable::FrameKey StackTable::KeyOf(const Frame& frame) {
  return {frame.name, frame.file, frame.position};
}

StackTable::StackTable(const Limits& limits) : limits_(limits) {
  AddString({});
  nodes_.push_back({kRoot, 0, 0});
}

size_t StackTable::bytes() const {
  return texts_.bytes() + strings_.bytes() + string_ids_.bytes() + frames_.bytes() +
         frame_ids_.bytes() + nodes_.bytes() + node_ids_.bytes();
}

std::optional<StringId> StackTable::FindString(std::string_view text) const {
  text = Cut(text);
  return string_ids_.Find(HashOfText(text),
                          [&](StringId id) { return strings_[id] == text; });
}

std::optional<StringId> StackTable::InternString(std::string_view text) {
  if (const std::optional<StringId> known = FindString(text)) return known;
  text = Cut(text);
  if (string_bytes_ + text.size() > limits_.string_bytes) return std::nullopt;
  if (strings_.size() >= limits_.strings) return std::nullopt;
  return AddString(text);
}

StringId StackTable::AddString(std::string_view text) {
  const auto id = static_cast<StringId>(strings_.size());
  strings_.push_back(texts_.Add(text));
  string_ids_.Add(HashOfText(text), id,
                  [this](StringId row) { return HashOfText(strings_[row]); });
  string_bytes_ += text.size();
  return id;
}

std::optional<FrameId> StackTable::InternFrame(std::string_view name,
                                               std::string_view file,
                                               const Position& position) {
  // Once the frames are full, new strings would be of no use.
  const bool full = frames_.size() >= limits_.frames;
  const auto string_id = [&](std::string_view text) {
    return full ? FindString(text) : InternString(text);
  };
  const std::optional<StringId> name_id = string_id(name);
  if (!name_id) return std::nullopt;
  const std::optional<StringId> file_id = string_id(file);
  if (!file_id) return std::nullopt;
  const FrameKey key = {*name_id, *file_id, position};
  const size_t hash = HashOf(key);
  const auto known =
      frame_ids_.Find(hash, [&](FrameId id) { return KeyOf(frames_[id]) == key; });
  if (known || full) return known;
  const auto id = static_cast<FrameId>(frames_.size());
  frames_.push_back(
      {*name_id, *file_id, position,
       FrameAddress(strings_[*name_id], strings_[*file_id], position)});
  frame_ids_.Add(hash, id, [this](FrameId row) { return HashOf(KeyOf(frames_[row])); });
  return id;
}

std::optional<StringId> StackTable::InternLabels(std::string_view text) {
  if (text.size() > kMaxStringLength) return std::nullopt;
  if (const std::optional<StringId> known = FindString(text)) return known;
  if (label_bytes_ + text.size() > limits_.label_bytes) return std::nullopt;
  const std::optional<StringId> id = InternString(text);
  if (id) label_bytes_ += text.size();
  return id;
}

std::optional<StackId> StackTable::Extend(StackId caller, FrameId frame) {
  const Node node = {caller, frame, nodes_[caller].depth + 1};
  const size_t hash = HashOf(node);
  const auto known = node_ids_.Find(hash, [&](StackId id) {
    return nodes_[id].caller == caller && nodes_[id].frame == frame;
  });
  if (known) return known;
  if (nodes_.size() >= limits_.nodes) return std::nullopt;
  const auto id = static_cast<StackId>(nodes_.size());
  nodes_.push_back(node);
  node_ids_.Add(hash, id, [this](StackId row) { return HashOf(nodes_[row]); });
  return id;
}

}  // namespace mprof
