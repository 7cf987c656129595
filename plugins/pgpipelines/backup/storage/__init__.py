"""Where sets are kept, and how their files are had as files of this machine.

folder     a directory of this machine; bucket  an object store; place  a folder that one run at a time works in
sealing    how programs write and read encrypted files; keys  who can open them
opening    a set's files as they were dumped, wherever and however they are kept; temporary  what is here meanwhile
"""
