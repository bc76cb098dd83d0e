package main
import ("context";"net";"fmt";"os";"github.com/talmolab/lablink-infrastructure/sim/cloud";"github.com/talmolab/lablink-infrastructure/sim/provider")
func main(){
 a,err:=cloud.Open(cloud.Options{Dir:os.Args[1],Architecture:"x86_64",Zones:[]string{"example.org"},OIDCProviders:[]string{"https://token.actions.githubusercontent.com"}}); if err!=nil{panic(err)}
 l,_:=net.Listen("tcp","127.0.0.1:4567"); fmt.Println(l.Addr()); panic(provider.Serve(context.Background(),l,a))
}
