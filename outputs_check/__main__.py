from outputs_check.cli import main

main()
