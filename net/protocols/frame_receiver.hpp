// FrameReceiver: what all protocols have in common that cut a stream of bytes into pieces with a meaning.
#pragma once

#include <weft/net/protocol.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace weft::net {

/// The ground of LineReceiver, NetstringReceiver and their like, and of framings of your own: says where the next frame ends, and gets it whole.
///
///     class Records : public FrameReceiver {           // of 80 bytes each
///       std::size_t findFrame(std::string_view bytes) override { return bytes.size() < 80 ? kMore : 80; }
///       void frameReceived(std::string_view record) override { … }
///     };
///
/// A frame that lies whole in the reactor's read buffer is given as a view of it; only one that came in several reads is put together in a buffer, which is used again. So
/// nothing is allocated per frame, and any number of frames in one read is a loop, without recursion or copies of the rest. How frames were cut on their way makes no difference.
///
/// No frame comes after the connection was told to close. What leaves frameReceived as an exception closes the connection with it as the reason, as it does of dataReceived.
class FrameReceiver : public Protocol {
 public:
  void dataReceived(std::string_view data) final;

  /// No more frames, and no more reading, until resumeProducing(). At most what one read brought waits here meanwhile. May be called in frameReceived.
  void pauseProducing();
  /// Goes on. Frames that wait are given before this returns (unless called from frameReceived, which then goes on when it returns).
  void resumeProducing();
  bool paused() const noexcept { return paused_; }

 protected:
  static constexpr std::size_t kMore = std::string_view::npos;
  /// The length of the frame at the beginning of `bytes` (at least 1 byte of them), or kMore when it is not all there. Asked again with the same bytes and some more, so
  /// it may remember how far it looked. It bounds what is kept: an unfinished frame is held for as long as this says kMore.
  virtual std::size_t findFrame(std::string_view bytes) = 0;
  /// `frame` dies when this returns.
  virtual void frameReceived(std::string_view frame) = 0;

  /// What has come and was not yet given as a frame: takes it out of here.
  std::string takeUnread();
  /// Bytes to be looked at after those that are here already. The end of a frame that is being received may be given back without a copy.
  void addUnread(std::string_view bytes);
  /// What is held is to be looked at from its beginning: frames have another form from now on.
  void lookAgain();
  /// Gives the frames that are there already, as when data had come.
  void giveUnread();

 private:
  class Running;
  void process(std::string_view data);
  void next();
  bool goesOn() const noexcept;

  std::string held_;                                   // an unfinished frame
  std::string backlog_;                                // what came while paused, from backlogAt_ on
  std::size_t backlogAt_ = 0;
  std::string_view rest_;                              // while running: of the read buffer or backlog_, what comes after the frame being received
  std::string extra_;                                  // while running: what comes after rest_
  std::string_view given_;                             // while running: the frame being received, if it lies before rest_
  bool running_ = false;
  bool paused_ = false;
};

}  // namespace weft::net
