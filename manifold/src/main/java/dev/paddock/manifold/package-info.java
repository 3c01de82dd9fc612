/// Keeps what runs equal to what is wanted.
///
/// One [AppLoop] per app owns its [Picture], into which [Wishes], [Lives], [EngineList], [Departures] and [RouterViews] fold
/// what happens, each its part; [Planner] decides, as a pure function; the loop carries out the
/// actions elsewhere. Start with [Manifold], then [Planner].
@NullMarked
package dev.paddock.manifold;

import org.jspecify.annotations.NullMarked;
