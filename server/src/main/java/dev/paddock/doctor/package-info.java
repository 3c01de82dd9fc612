/// Says what this machine gives and lacks: [MachineReader] gathers facts and changes nothing, [Diagnosis] judges them
/// and is a pure function. What dynos need is judged by the engine itself.
@NullMarked
package dev.paddock.doctor;

import org.jspecify.annotations.NullMarked;
