"""Personal data: seen in clear with a reason only, given out, erased; notice, consent, registers (PPL-05, 07, 10)."""
