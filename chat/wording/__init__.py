"""Every sentence that a person reads, in English and Japanese, by reader: channel, settings, terminal.

A sentence is a constant; its values are filled in when it is said: ``SETTING_MISSING.say("ja", name="TOKEN")``.
"""
