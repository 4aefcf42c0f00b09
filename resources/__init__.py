"""What the program ships besides code: fonts, icons, style, seed data, the exchange's JSON Schema."""
