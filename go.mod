module github.com/specify-cli/specify

go 1.26.0
