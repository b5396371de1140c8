"""`python3 chatbot.py --check`: what is wrong, and what to do."""
