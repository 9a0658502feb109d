" Runnel scripts: by their name, or by their first line.
autocmd BufRead,BufNewFile *.rnl setfiletype runnel
autocmd BufRead * if getline(1) =~# '^#!.*\<runnel\>' | setfiletype runnel | endif
