// An array of plain values that grows by realloc: of a large one the kernel moves the pages, and nothing is copied or
// written twice. For std::vector half the time of a page that is nothing but tags went into that.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace weft::html {

/// As much of std::vector as a Document needs. References die when it grows.
template <class T>
class PlainArray {
  static_assert(std::is_trivially_copyable_v<T>, "PlainArray moves its values as bytes");

 public:
  PlainArray() = default;
  explicit PlainArray(std::size_t size) {
    while (size_ < size) push_back({});
  }
  PlainArray(const PlainArray& other) {
    reserve(other.size_);
    for (std::size_t i = 0; i < other.size_; ++i) push_back(other[i]);
  }
  PlainArray(PlainArray&& other) noexcept { swap(other); }
  PlainArray& operator=(PlainArray other) noexcept {
    swap(other);
    return *this;
  }

  std::size_t size() const noexcept { return size_; }
  std::size_t capacity() const noexcept { return capacity_; }
  T* data() noexcept { return data_.get(); }
  const T* data() const noexcept { return data_.get(); }
  T& operator[](std::size_t index) noexcept { return data_[index]; }
  const T& operator[](std::size_t index) const noexcept { return data_[index]; }
  T& back() noexcept { return data_[size_ - 1]; }
  T* begin() noexcept { return data_.get(); }
  T* end() noexcept { return data_.get() + size_; }

  void push_back(T value) {
    if (size_ == capacity_) setCapacity(size_ + size_ / 2 + 16);
    new (data_.get() + size_++) T(value);
  }
  void reserve(std::size_t capacity) {
    if (capacity > capacity_) setCapacity(capacity);
  }
  void shrink_to_fit() {
    if (capacity_ > size_ && size_ > 0) setCapacity(size_);
  }

 private:
  struct Free {
    void operator()(T* data) const noexcept { std::free(data); }
  };
  void swap(PlainArray& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }
  /// std::bad_alloc leaves all as it was.
  void setCapacity(std::size_t capacity) {
    void* const moved = capacity > static_cast<std::size_t>(-1) / sizeof(T)
                            ? nullptr
                            : std::realloc(static_cast<void*>(data_.get()), capacity * sizeof(T));
    if (!moved) throw std::bad_alloc();
    data_.release();
    data_.reset(static_cast<T*>(moved));
    capacity_ = capacity;
  }

  std::unique_ptr<T[], Free> data_;
  std::size_t size_ = 0, capacity_ = 0;
};

}  // namespace weft::html
