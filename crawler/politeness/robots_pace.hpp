// obeyRobotsPace: the pauses that a robots.txt asks for.
#pragma once

namespace weft::crawler {

class Politeness;
struct Settings;
struct Signals;

/// Has Politeness keep the Crawl-delay and the Request-rate of each robots.txt that the crawl reads, the slower of the two, for the slot of its host; ROBOTSTXT_MAX_CRAWL_DELAY at most.
/// All are referred to; call it before the crawl begins.
void obeyRobotsPace(Signals& signals, Politeness& politeness, const Settings& settings);

}  // namespace weft::crawler
