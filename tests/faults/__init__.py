"""What can go wrong around the bot, as tables: each row is one fault, and what comes of it."""
