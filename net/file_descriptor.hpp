// FileDescriptor: an open file of the system, owned.
#pragma once

#include <utility>

namespace weft::net {

/// Owns a descriptor and closes it at its end. Move-only; empty at first.
class FileDescriptor {
 public:
  FileDescriptor() noexcept = default;
  /// Takes `descriptor` over; a negative number is none.
  explicit FileDescriptor(int descriptor) noexcept : descriptor_(descriptor) {}
  FileDescriptor(FileDescriptor&& other) noexcept : descriptor_(other.release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    if (this != &other) {
      close();
      descriptor_ = other.release();
    }
    return *this;
  }
  ~FileDescriptor() { close(); }

  /// A second descriptor of the same open file, which exec closes. Throws std::system_error.
  static FileDescriptor copyOf(int descriptor);

  int get() const noexcept { return descriptor_; }
  explicit operator bool() const noexcept { return descriptor_ >= 0; }
  /// Gives it away: the caller closes it.
  int release() noexcept { return std::exchange(descriptor_, -1); }
  void close() noexcept;

 private:
  int descriptor_ = -1;
};

}  // namespace weft::net
