#include "virtual_file.h"

#include <algorithm>
#include <cstdio>

namespace lipsound2::audio {
namespace {

VirtualFile& virtual_file(void* user) {
  return *static_cast<VirtualFile*>(user);
}

sf_count_t size_of_file(void* user) {
  return virtual_file(user).size();
}

sf_count_t position_in_file(void* user) {
  return virtual_file(user).position();
}

sf_count_t seek_in_file(sf_count_t offset, int whence, void* user) {
  return virtual_file(user).seek(offset, whence);
}

sf_count_t read_from_file(void* to, sf_count_t count, void* user) {
  return virtual_file(user).read(static_cast<char*>(to), count);
}

sf_count_t write_to_file(const void* from, sf_count_t count, void* user) {
  return virtual_file(user).write(static_cast<const char*>(from), count);
}

}  // namespace

VirtualFile::VirtualFile(std::streambuf& bytes)
    : bytes_(bytes), size_(bytes.pubseekoff(0, std::ios::end, std::ios::in)) {}

SoundHandle VirtualFile::open(int mode, SF_INFO& info) {
  SF_VIRTUAL_IO io{
      &size_of_file, &seek_in_file, &read_from_file, &write_to_file, &position_in_file};
  return {sf_open_virtual(&io, mode, &info, this), &sf_close};
}

std::string VirtualFile::bytes_at(sf_count_t position, sf_count_t count) {
  seek(position, SEEK_SET);
  std::string bytes(static_cast<std::size_t>(count), '\0');
  bytes.resize(static_cast<std::size_t>(read(bytes.data(), count)));
  return bytes;
}

sf_count_t VirtualFile::seek(sf_count_t offset, int whence) {
  const sf_count_t origin = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? position_ : size_;
  if (offset < -origin || offset > SF_COUNT_MAX - origin)
    return -1;
  position_ = origin + offset;
  return position_;
}

sf_count_t VirtualFile::read(char* to, sf_count_t count) {
  const sf_count_t wanted = std::min(count, size_ - position_);
  if (wanted <= 0 || bytes_.pubseekpos(position_, std::ios::in) != position_)
    return 0;
  const sf_count_t taken = bytes_.sgetn(to, wanted);
  position_ += taken;
  return taken;
}

sf_count_t VirtualFile::write(const char* from, sf_count_t count) {
  if (count <= 0 || bytes_.pubseekpos(position_, std::ios::out) != position_)
    return 0;
  const sf_count_t given = bytes_.sputn(from, count);
  position_ += given;
  size_ = std::max(size_, position_);
  return given;
}

}  // namespace lipsound2::audio
